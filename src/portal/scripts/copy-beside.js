// Buttons that copy what stands beside them; browsers let them on https and on this machine alone.
'use strict';
{
  const reveal = (within) => {
    if (navigator.clipboard === undefined) return;
    for (const button of within.querySelectorAll('button.copy')) button.hidden = false;
  };
  document.addEventListener('click', async ({ target }) => {
    const button = target.closest?.('button.copy');
    if (!button) return;
    await navigator.clipboard.writeText(button.parentElement.querySelector('code').textContent);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
  document.addEventListener('added', ({ target }) => reveal(target));
  reveal(document);
}
