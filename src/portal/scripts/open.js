// Opens a link: what stands behind the `#` goes into the form, and out of the address and its history.
'use strict';
{
  const form = document.querySelector('form.paste');
  const opening = document.querySelector('.opening');
  const open = () => {
    const token = location.hash.slice(1);
    if (token === '') return;
    history.replaceState(null, '', location.pathname);
    form.hidden = true;
    opening.hidden = false;
    form.elements.token.value = token;
    form.requestSubmit();
  };
  window.addEventListener('hashchange', open);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    form.hidden = false;
    opening.hidden = true;
  });
  open();
}
