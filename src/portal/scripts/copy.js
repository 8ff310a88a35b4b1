// A button that copies what is shown, where the browser lets it.
'use strict';
for (const button of document.querySelectorAll('button[data-copies]')) {
  if (navigator.clipboard === undefined) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copies).textContent;
    await navigator.clipboard.writeText(text.replace(/\s/g, ''));
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = label), 3000);
  });
}
