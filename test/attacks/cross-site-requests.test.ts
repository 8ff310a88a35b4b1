/**
 * A page of another site makes the browser of somebody who is logged in send a request: by a form, a
 * script, a picture, a frame. The browser adds the cookie; what it says of the request beside that has to
 * give it away. A link has to keep working.
 */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { forwardAuth } from '../support/browser-request.js';
import { begin, cookieOf } from '../support/sessions.js';

let service: TestApplication;
let cookie: string;
let bearer: string;

beforeAll(async () => {
  service = await startApplication();
  const answer = await begin(service, await enrol(service, 'ann'), { session: 'cookie' });
  cookie = cookieOf(answer);
  bearer = answer.body.access_token as string;
});
afterAll(() => service.close());

const site = (value: string, mode = 'no-cors') => ({
  'sec-fetch-site': value,
  'sec-fetch-mode': mode,
});
const method = (value: string | undefined) => ({ 'x-forwarded-method': value });
const own = { origin: 'https://shop.example' };

const passing: [string, Record<string, string | undefined>][] = [
  ['an address that was typed in', site('none', 'navigate')],
  ['a link from elsewhere', { ...site('cross-site', 'navigate'), 'sec-fetch-dest': 'document' }],
  ['a link from a sibling host', site('same-site', 'navigate')],
  ['a picture of its own', site('same-origin')],
  ['a form of its own', { ...method('POST'), ...site('same-origin', 'navigate'), ...own }],
  ['a script of its own', { ...method('DELETE'), ...site('same-origin', 'cors'), ...own }],
  ['a form of its own, from an old browser', { ...method('POST'), ...own }],
  ['an old browser that reads', {}],
];

const refused: [string, Record<string, string | undefined>][] = [
  ['a form from elsewhere', { ...method('POST'), ...site('cross-site', 'navigate') }],
  ['a form of a sibling host', { ...method('POST'), ...site('same-site', 'navigate') }],
  ['a script from elsewhere', site('cross-site', 'cors')],
  ['a picture from elsewhere', site('cross-site')],
  ['a frame', { ...site('cross-site', 'navigate'), 'sec-fetch-dest': 'iframe' }],
  ['a web socket from elsewhere', site('cross-site', 'websocket')],
  ['a form, from an old browser', { ...method('POST'), origin: 'https://evil.example' }],
  ['a form of a page without an origin', { ...method('POST'), origin: 'null' }],
  ['a script that reads, from an old browser', { origin: 'https://evil.example' }],
  ['the same host over HTTP', { ...method('POST'), origin: 'http://shop.example' }],
  ['the same host on another port', { ...method('POST'), origin: 'https://shop.example:444' }],
  ['a host that begins alike', { ...method('POST'), origin: 'https://shop.example.evil.example' }],
  ['writing, and not a word of where from', method('POST')],
  ['a method that the proxy does not tell', method(undefined)],
  ['an origin, and a proxy that tells no host', { ...own, 'x-forwarded-host': undefined }],
  ['a value that no browser sends', site('same-origin, cross-site', 'cors')],
  ['a value of another case', site('Same-Origin', 'cors')],
];

it.each(passing)('S100: %s passes', async (_what, headers) => {
  expect((await forwardAuth(service, { cookie, headers })).status).toBe(200);
});

it.each(refused)('S100: %s does not', async (_what, headers) => {
  const { status, body } = await forwardAuth(service, { cookie, headers });
  expect([status, body.code]).toEqual([403, 'cross_site_refused']);
});

it.each([...passing, ...refused])('%s, with a token of its own', async (_what, headers) => {
  // No browser adds an Authorization header by itself.
  expect((await forwardAuth(service, { bearer, headers })).status).toBe(200);
});

it('who is not logged in is asked to, wherever the request comes from', async () => {
  for (const [, headers] of refused) {
    const cookie = 'A'.repeat(43);
    expect((await forwardAuth(service, { cookie, headers })).status).toBe(401);
  }
});

it('S103: the API itself takes no cookie for a credential', async () => {
  const headers = { cookie: `__Host-watchword=${cookie}` };
  for (const [verb, path] of [
    ['GET', '/v1/users/ann/factors'],
    ['GET', '/v1/users/ann/sessions'],
    ['DELETE', '/v1/users/ann/sessions'],
    ['POST', '/v1/tokens/refresh'],
  ] as const)
    expect((await service.call(verb, path, undefined, { key: '', headers })).status).toBe(401);
});
