// A button that prints the page.
'use strict';
for (const button of document.querySelectorAll('button[data-prints]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
