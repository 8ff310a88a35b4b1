// Keeps an inbox up to date while somebody looks at it.
'use strict';
{
  const list = document.querySelector('.messages');
  const template = document.querySelector('#message');
  const { to, purposes } = list.dataset;
  // Ids are in order of time.
  let newest = list.firstElementChild?.dataset.id ?? '';
  const words = JSON.parse(purposes);

  const add = ({ id, to: number, channel, body, code, purpose, sent_at: sentAt }) => {
    const item = template.content.firstElementChild.cloneNode(true);
    const part = (name) => item.querySelector(`[data-part="${name}"]`);
    item.dataset.id = id;
    part('purpose').textContent = words[purpose] ?? 'A notice';
    part('time').dateTime = sentAt;
    part('time').textContent = `${sentAt.slice(11, 19)} UTC`;
    part('code-row').hidden = code === undefined;
    part('code').textContent = code ?? '';
    item.querySelector('button.copy').setAttribute('aria-label', `Copy ${code ?? ''}`);
    part('body').textContent = body;
    part('to').textContent = `${channel} to ${number}`;
    newest = id;
    list.prepend(item);
    document.querySelector('.nothing').hidden = true;
    item.dispatchEvent(new Event('added', { bubbles: true }));
  };

  const look = async () => {
    const answer = await fetch('/dev/inbox', { headers: { Accept: 'application/json' } });
    if (!answer.ok) return;
    const { data } = await answer.json();
    const fresh = data.filter((one) => one.id > newest && (!to || one.to === to));
    for (const one of fresh.reverse()) add(one);
  };

  const run = async () => {
    // A service that is being started again is asked on.
    if (!document.hidden) await look().catch(() => undefined);
    setTimeout(run, 1500);
  };
  setTimeout(run, 1500);
}
