import type { InboxEntry } from '../../delivery/inbox.js';
import type { Content } from '../render.js';
import { Messages } from './messages.js';

/** How often the page is loaded anew without JavaScript. */
const REFRESH_SECONDS = 3;

/** The inbox as a page: every message, whoever it was to. */
export function inboxContent(entries: readonly InboxEntry[]): Content {
  return {
    title: 'Inbox · Watchword',
    style: 'workshop.css',
    scripts: ['copy-beside.js', 'inbox.js'],
    refreshSeconds: REFRESH_SECONDS,
    body: (
      <>
        <p class="trail">
          <a href="/">Watchword</a> / inbox
        </p>
        <h1>Inbox</h1>
        <p>
          What phones would have got, the latest first. The console provider sends nothing; it puts
          messages here.
        </p>
        <Messages entries={entries} />
        <p class="quiet">
          For programs: the latest hundred as JSON, with <code>Accept: application/json</code>.
        </p>
      </>
    ),
  };
}
