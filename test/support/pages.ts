/** Hosted pages without a browser: requests as one would send them, and what is in the answers. */
import { formTokenOf } from '../../src/portal/page.js';
import type { Registered, TestApplication } from './application.js';
import { makeLink, tokenOf } from './links.js';

export const REDIRECT = 'https://shop.example/mfa';

/** What a browser of today says of a form of the same page. */
export const ownForm = {
  origin: 'https://mfa.example',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

export interface PageAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | number | undefined>;
  readonly text: string;
}

/** A browser that has opened a link. */
export interface Opened {
  readonly id: string;
  /** Of its cookie header. */
  readonly cookie: string;
  /** The token of its forms. */
  readonly formToken: string;
  get(path: string, headers?: Record<string, string>): Promise<PageAnswer>;
  post(
    path: string,
    form?: Record<string, string>,
    headers?: Record<string, string | undefined>,
  ): Promise<PageAnswer>;
}

/** Sends a form, or reads a page, with exactly these headers. */
export async function send(
  { app }: Pick<TestApplication, 'app'>,
  method: 'GET' | 'POST',
  url: string,
  form: Record<string, string> = {},
  headers: Record<string, string | undefined> = {},
): Promise<PageAnswer> {
  const given = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const answer = await app.inject({
    method,
    url,
    headers: {
      ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...Object.fromEntries(given),
    },
    ...(method === 'POST' && { payload: new URLSearchParams(form).toString() }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body };
}

/** Makes a link and opens it as a browser does. */
export async function openLink(
  service: TestApplication,
  by: Registered,
  body: Record<string, unknown>,
): Promise<Opened> {
  const link = await makeLink(service, by, { purpose: 'verify', redirect_uri: REDIRECT, ...body });
  const opened = await send(service, 'POST', '/open', { token: tokenOf(link) }, ownForm);
  if (opened.status !== 303) throw new Error(`a link was answered ${opened.status}`);
  const id = link.body.id as string;
  let cookie = String(opened.headers['set-cookie']).split(';')[0] ?? '';
  const get: Opened['get'] = (path, headers = {}) =>
    send(service, 'GET', `/p/${id}/${path}`, {}, { cookie, ...headers });
  const { text } = await get(String(link.body.purpose ?? body['purpose'] ?? 'verify'));
  let formToken = /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? '';
  const post: Opened['post'] = async (path, form = {}, headers = {}) => {
    const members = { form_token: formToken, ...form };
    const sent = { cookie, ...ownForm, ...headers };
    const answer = await send(service, 'POST', `/p/${id}/${path}`, members, sent);
    const [name = ''] = cookie.split('=');
    const next = [answer.headers['set-cookie'] ?? []]
      .flat()
      .find((line) => String(line).startsWith(`${name}=`));
    if (next !== undefined) {
      cookie = String(next).split(';')[0] ?? '';
      formToken = formTokenOf(cookie.slice(name.length + 1));
    }
    return answer;
  };
  return {
    id,
    get cookie() {
      return cookie;
    },
    get formToken() {
      return formToken;
    },
    get,
    post,
  };
}
