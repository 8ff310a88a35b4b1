import type { ErrorEntry } from './entry.js';

/** Links to the hosted pages, and what the pages themselves have to say. */
export const linkErrors = {
  exchange_code_invalid: {
    status: 400,
    title: 'The code of the link is not good any more',
    detail:
      'It is good once, within 60 seconds, for the application that made the link. Make a new link.',
  },
  redirect_uri_not_allowed: {
    status: 403,
    title: 'The application may not send browsers to this address',
    detail:
      'Give one of its registered addresses, letter by letter, or have an operator add it: watchword applications update.',
  },
  wrong_browser: {
    status: 403,
    title: 'This page was opened in another browser',
    detail: 'Go on in the browser that opened the link, or have the application make a new one.',
  },
  link_unknown: {
    status: 404,
    title: 'There is no such link',
    detail: 'Take the whole link, to its last letter, or have the application make a new one.',
  },
  link_used: {
    status: 410,
    title: 'The link was used already',
    detail: 'Go on in the browser that opened it, or have the application make a new one.',
  },
  link_expired: {
    status: 410,
    title: 'The link is too old',
    detail: 'It is good for ten minutes. Have the application make a new one.',
  },
  page_ended: {
    status: 410,
    title: 'This page has come to its end',
    detail: 'What was done is done. Go back to the application, which can make a new link.',
  },
} as const satisfies Record<string, ErrorEntry>;
