// What every page has: times that count down, buttons that wait for them, and forms that are sent once.
'use strict';
{
  const clock = (seconds) => {
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] === 0 ? parts.slice(1) : parts;
    return shown.map((part, at) => (at === 0 ? part : String(part).padStart(2, '0'))).join(':');
  };

  // By the clock that runs on while the phone sleeps, and is not set right in between.
  const began = performance.now();
  const left = (seconds) => Math.max(0, Math.ceil(seconds - (performance.now() - began) / 1000));

  const times = [...document.querySelectorAll('time[data-seconds]')];
  const waiting = [...document.querySelectorAll('button[data-ready-in]')];
  for (const button of waiting) button.disabled = left(button.dataset.readyIn) > 0;

  const tick = () => {
    for (const time of times) {
      time.textContent = clock(left(time.dataset.seconds));
      if (left(time.dataset.seconds) === 0)
        time.closest('[data-until-ready]')?.setAttribute('hidden', '');
    }
    for (const button of waiting) button.disabled = left(button.dataset.readyIn) > 0;
    const isOver = times.every((time) => left(time.dataset.seconds) === 0);
    if (!isOver) setTimeout(tick, 250);
  };
  if (times.length > 0) tick();

  // A second click changes nothing; without this the service would say so.
  document.addEventListener('submit', (event) => {
    if (event.target.dataset.sent !== undefined) event.preventDefault();
    event.target.dataset.sent = '';
  });
  window.addEventListener('pageshow', () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
}
