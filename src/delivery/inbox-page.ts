import { sha256 } from '../crypto/digest.js';
import type { InboxEntry } from './inbox.js';

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem; }
li { border-top: 1px solid #8886; list-style: none; padding: 1rem 0; }
ul { padding: 0; }
p { margin: 0; white-space: pre-wrap; }
small { color: #767676; }
`;

/** The page runs nothing, and only the style in it is used. */
export const inboxPagePolicy =
  `default-src 'none'; style-src 'sha256-${sha256(style).toString('base64')}'; ` +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The inbox as a page that looks again by itself. */
export function inboxPage(entries: readonly InboxEntry[]): string {
  const items = entries.map(
    ({ to, channel, body, sentAt }) =>
      `<li><small>${escaped(`${channel} to ${to}, ${sentAt.toISOString()}`)}</small>` +
      `<p dir="auto">${escaped(body)}</p></li>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="3">
<title>Inbox</title>
<style>${style}</style>
<h1>Inbox</h1>
<p>Codes that the console provider would have sent, the latest first.</p>
<ul>${items.join('') || '<li>There are none yet.</li>'}</ul>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
