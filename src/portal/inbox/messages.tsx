import type { InboxEntry } from '../../delivery/inbox.js';

/** What a code is for, by the purpose of its challenge. */
const purposes: Readonly<Record<string, string>> = {
  enrol: 'To enrol this phone',
  login: 'To log in',
  step_up: 'To prove it again',
  confirm: 'To confirm something',
};

/** A page is to fit into 30 kB; the JSON has all of them. */
const MOST_SHOWN = 25;

interface Shown {
  readonly entries: readonly InboxEntry[];
  /** A number whose messages alone are shown. */
  readonly to?: string | undefined;
}

/** Messages, the latest first; scripts/inbox.js puts new ones on top, each a copy of the template. */
export function Messages({ entries, to }: Shown) {
  const theirs = to === undefined ? entries : entries.filter((entry) => entry.to === to);
  const shown = theirs.slice(0, MOST_SHOWN);
  return (
    <>
      <ol class="messages" data-to={to} data-purposes={JSON.stringify(purposes)} aria-live="polite">
        {shown.map((entry) => (
          <Message key={entry.id} entry={entry} />
        ))}
      </ol>
      <p class="quiet nothing" hidden={shown.length > 0}>
        Nothing yet. A message is here as soon as it is sent.
      </p>
      <template id="message">
        <Message />
      </template>
    </>
  );
}

function Message({ entry }: { readonly entry?: InboxEntry }) {
  const sentAt = entry?.sentAt.toISOString();
  return (
    <li class="message" data-id={entry?.id}>
      <p class="row quiet">
        <span data-part="purpose">{entry && (purposes[entry.purpose ?? ''] ?? 'A notice')}</span>
        <time data-part="time" dateTime={sentAt}>
          {sentAt?.slice(11, 19)} UTC
        </time>
      </p>
      <p class="row" data-part="code-row" hidden={entry !== undefined && entry.code === undefined}>
        <code class="big" data-part="code">
          {entry?.code}
        </code>
        <button type="button" class="copy" hidden aria-label={`Copy ${entry?.code ?? 'the code'}`}>
          Copy
        </button>
      </p>
      <p class="said" data-part="body" dir="auto">
        {entry?.body}
      </p>
      <p class="quiet" data-part="to">
        {entry && `${entry.channel} to ${entry.to}`}
      </p>
    </li>
  );
}
