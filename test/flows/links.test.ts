/** Links: made by an application, opened in a browser, and fetched by the application when that is back. */
import { Visits, type Visit } from '../../src/links/visits.js';
import type { WatchwordError } from '../../src/errors.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { addressOf, makeLink, tokenOf } from '../support/links.js';
import { claimsOf } from '../support/sessions.js';

const REDIRECT = 'https://shop.example/mfa?flow=1';

let service: TestApplication;
let shop: Registered;
let app: Authenticator;
let visits: Visits;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
  visits = service.app.get(Visits);
  shop = await service.register(service.first.application.realmName, 'shop', {
    redirectUris: [REDIRECT],
  });
});
afterAll(() => service.close());
beforeEach(async () => {
  app = await enrol(service, `user-${++users}`, { key: shop.key });
});

const link = (extra: Record<string, unknown> = {}) =>
  makeLink(service, shop, {
    user_id: app.userId,
    purpose: 'verify',
    redirect_uri: REDIRECT,
    ...extra,
  });
const open = (token: string, pageId?: string) => visits.open(token, () => pageId, 'request');
const exchange = (code: string, extra: Record<string, unknown> = {}, key = shop.key) =>
  service.call('POST', '/v1/links/exchange', { code, ...extra }, { key });
const codeIn = (address: string) => new URL(address).searchParams.get('code') ?? '';
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing',
    (error: unknown) => (error as WatchwordError).code,
  );

/** Ends a visit with a proof, as the verify page does. */
function prove(visit: Visit): Promise<string> {
  const { transaction } = visit.link;
  return visits.finish(visit, {
    userId: app.userId,
    factor: { id: app.factorId, type: 'totp' },
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'aal2',
    authTime: service.clock.now(),
    transactionHash: transaction && 'hash',
  });
}

const proven = async (extra: Record<string, unknown> = {}) =>
  codeIn(await prove(await open(tokenOf(await link(extra)))));

it('S21: is an address with the token behind the sign that browsers keep to themselves', async () => {
  const answer = await link();
  expect(answer.status).toBe(201);
  expect(answer.body).toEqual({
    id: expect.stringMatching(/^lnk_/) as string,
    url: expect.stringMatching(/^https:\/\/mfa\.example\/open#[A-Za-z0-9_-]{43}$/) as string,
    expires_at: new Date(service.clock.now().getTime() + 600_000).toISOString(),
    form: { action: 'https://mfa.example/open', token: tokenOf(answer) },
  });
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
});

it('S21, S107: of the token, the page session and the code only hashes are stored', async () => {
  const token = tokenOf(await link());
  const visit = await open(token);
  const code = codeIn(await prove(visit));
  const rows = await service.database.kysely.selectFrom('links').selectAll().execute();
  const stored = JSON.stringify(rows, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
      ? Buffer.from((value as { data?: number[] }).data ?? []).toString('latin1')
      : value,
  );
  for (const secret of [token, visit.pageId ?? '', code]) {
    expect(secret).toHaveLength(43);
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret, 'base64url').toString('latin1'));
  }
});

it('leads back with code, state and issuer, and the code earns the token', async () => {
  const visit = await open(tokenOf(await link({ state: 'a b&c=d', first_factor: ['pwd'] })));
  const back = new URL(await prove(visit));
  expect(back.origin + back.pathname).toBe('https://shop.example/mfa');
  expect(Object.fromEntries(back.searchParams)).toEqual({
    flow: '1',
    code: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string,
    state: 'a b&c=d',
    iss: 'https://mfa.example',
  });
  const proofAt = Math.floor(service.clock.now().getTime() / 1000);
  service.clock.advance(59);
  const { status, body, headers } = await exchange(back.searchParams.get('code') ?? '');
  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toMatchObject({ token_type: 'Bearer', user_id: app.userId });
  expect(claimsOf(body.access_token as string)).toMatchObject({
    sub: app.userId,
    aud: shop.application.audience,
    client_id: shop.application.id,
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'aal2',
    auth_time: proofAt,
    iat: proofAt + 59,
  });
});

it('S29: a code earns one token', async () => {
  const code = await proven();
  expect((await exchange(code)).status).toBe(200);
  const again = await exchange(code);
  expect([again.status, again.body.code]).toEqual([400, 'exchange_code_invalid']);
});

it('S29: of many at once with one code one gets the token', async () => {
  for (let round = 0; round < 5; round++) {
    const code = await proven();
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(7);
  }
});

it('a code is good for 60 seconds', async () => {
  const code = await proven();
  service.clock.advance(60);
  expect((await exchange(code)).body.code).toBe('exchange_code_invalid');
});

it('S105: another application’s code looks like a missing one, and stays good', async () => {
  const realm = service.first.application.realmName;
  const other = await service.register(realm, `other-${users}`, { redirectUris: [REDIRECT] });
  const stranger = await service.register(`elsewhere-${users}`);
  const code = await proven();
  const missing = await exchange('A'.repeat(43), {}, other.key);
  for (const { key } of [other, stranger]) {
    const { status, body } = await exchange(code, {}, key);
    expect([status, body.code, body.title, body.detail]).toEqual([
      missing.status,
      missing.body.code,
      missing.body.title,
      missing.body.detail,
    ]);
  }
  expect((await exchange(code)).status).toBe(200);
});

it('S18: a factor that is revoked in between has proved nothing', async () => {
  const code = await proven();
  await service.call('DELETE', `/v1/factors/${app.factorId}`);
  expect((await exchange(code)).body.code).toBe('exchange_code_invalid');
});

it('the application may have a session with it', async () => {
  const { body } = await exchange(await proven(), { session: 'refresh_token' });
  expect(body.refresh_token).toEqual(expect.any(String));
  const cookie = await exchange(await proven(), { session: 'cookie' });
  expect(cookie.headers['set-cookie']).toMatch(/^__Host-watchword=/);
});

it('a session to replace that is not the application’s costs no code', async () => {
  const code = await proven();
  const foreign = { session: 'cookie', replaces_session: 'ses_01h455vb4pex5vsknk084sn02q' };
  expect((await exchange(code, foreign)).status).toBe(404);
  expect((await exchange(code)).status).toBe(200);
});

it('a link for enrolment answers with what was done', async () => {
  const visit = await open(tokenOf(await link({ purpose: 'enrol' })));
  const deed = { action: 'factor_enrolled', factor: { id: app.factorId, type: 'totp' } } as const;
  await visits.note(visit, deed);
  const { status, body } = await exchange(codeIn(await visits.finish(visit, null)));
  expect(status).toBe(200);
  expect(body).toEqual({ purpose: 'enrol', user_id: app.userId, done: [deed] });
});

it('S21: opens in one browser, which may open it again', async () => {
  const token = tokenOf(await link());
  const visit = await open(token);
  expect(visit.pageId).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const again = await open(token, visit.pageId);
  expect(again.pageId).toBeUndefined();
  expect(again.link.id).toBe(visit.link.id);
  expect(await refusal(open(token))).toBe('link_used');
  expect(await refusal(open(token, 'A'.repeat(43)))).toBe('link_used');
});

it('S21: of two browsers at once one has it', async () => {
  for (let round = 0; round < 5; round++) {
    const token = tokenOf(await link());
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () =>
        open(token).then(
          () => 'open',
          (error: unknown) => (error as WatchwordError).code,
        ),
      ),
    );
    expect(outcomes.sort()).toEqual([
      'link_used',
      'link_used',
      'link_used',
      'link_used',
      'link_used',
      'open',
    ]);
  }
});

it('S98: a browser that brings an id along gets another one', async () => {
  const planted = 'A'.repeat(43);
  const visit = await open(tokenOf(await link()), planted);
  expect(visit.pageId).not.toBe(planted);
  expect(await refusal(visits.of(visit.link.id, planted, 'request'))).toBe('wrong_browser');
});

it('S21: is too old after ten minutes, and its pages end with their time', async () => {
  const [early, late] = [tokenOf(await link()), tokenOf(await link())];
  service.clock.advance(599);
  const visit = await open(early);
  service.clock.advance(1);
  expect(await refusal(open(late))).toBe('link_expired');
  service.clock.advance(898);
  await expect(visits.of(visit.link.id, visit.pageId, 'request')).resolves.toBeDefined();
  service.clock.advance(1);
  expect(await refusal(visits.of(visit.link.id, visit.pageId, 'request'))).toBe('page_ended');
  expect(await refusal(open(early, visit.pageId))).toBe('page_ended');
});

it('an unknown link, and an unknown page', async () => {
  expect(await refusal(open('A'.repeat(43)))).toBe('link_unknown');
  const unknown = 'lnk_01h455vb4pex5vsknk084sn02q';
  expect(await refusal(visits.of(unknown, 'A'.repeat(43), 'request'))).toBe('wrong_browser');
  expect(await refusal(visits.of(unknown, undefined, 'request'))).toBe('wrong_browser');
});

it('a way back that was lost is found again, until the application has been there', async () => {
  const visit = await open(tokenOf(await link()));
  const lost = codeIn(await prove(visit));
  const done = await visits.of(visit.link.id, visit.pageId, 'request');
  const found = codeIn(await visits.goBackAgain(done));
  expect(found).not.toBe(lost);
  expect((await exchange(lost)).status).toBe(400);
  expect((await exchange(found)).status).toBe(200);
  expect(await refusal(visits.goBackAgain(done))).toBe('page_ended');
});

it('“this was not me” tells the application so, and nothing can be proved any more', async () => {
  const visit = await open(tokenOf(await link({ state: 's' })));
  const back = await visits.breakOff(visit, 'access_denied');
  expect(back).toBe(`${REDIRECT}&error=access_denied&state=s&iss=https%3A%2F%2Fmfa.example`);
  expect(await refusal(prove(visit))).toBe('page_ended');
  expect(await refusal(visits.breakOff(visit, 'access_denied'))).toBe('page_ended');
  expect(await refusal(visits.of(visit.link.id, visit.pageId, 'request'))).toBe('page_ended');
});

it('S108: the scope that fits the purpose is needed, to make it and to fetch it', async () => {
  const realm = service.first.application.realmName;
  const extra = { redirectUris: [REDIRECT] };
  const verifier = await service.register(realm, `v-${users}`, { ...extra, scopes: ['verify'] });
  const enroller = await service.register(realm, `e-${users}`, { ...extra, scopes: ['enrol'] });
  const status = async (by: Registered, purpose: string) =>
    (await makeLink(service, by, { user_id: 'x', purpose, redirect_uri: REDIRECT })).status;
  expect(await status(verifier, 'verify')).toBe(201);
  expect(await status(verifier, 'enrol')).toBe(403);
  expect(await status(verifier, 'manage')).toBe(403);
  expect(await status(enroller, 'verify')).toBe(403);
  expect(await status(enroller, 'enrol')).toBe(201);
  expect(await status(enroller, 'manage')).toBe(201);
});

it.each([
  ['no address', { redirect_uri: undefined }],
  ['no user', { user_id: '' }],
  ['an unknown purpose', { purpose: 'admin' }],
  ['a state that would break a header', { state: 'a\r\nb' }],
  ['a transaction that nobody confirms', { purpose: 'enrol', transaction: { a: 1 } }],
  ['an unknown type', { types: ['password'] }],
  ['an unknown member', { next: 'https://evil.example/' }],
])('refuses %s', async (_what, extra) => {
  const { status, body } = await link(extra);
  expect([status, body.code]).toEqual([400, 'invalid_request']);
});

it('S116: the audit tells it all, without a secret', async () => {
  const made = await link();
  const visit = await open(tokenOf(made));
  await refusal(open(tokenOf(made)));
  const code = codeIn(await prove(visit));
  await exchange(code);
  const path = `/v1/audit?user_id=${app.userId}`;
  const { data } = (await service.call('GET', path)).body;
  const events = (
    data as { type: string; actor: string; detail: Record<string, unknown> }[]
  ).filter(({ type }) => type.startsWith('link.'));
  expect(events.map(({ type }) => type)).toEqual([
    'link.created',
    'link.opened',
    'link.open_refused',
    'link.finished',
    'link.exchanged',
  ]);
  expect(events.every(({ detail }) => detail['link_id'] === made.body.id)).toBe(true);
  expect(events[1]?.actor).toBe(made.body.id);
  for (const secret of [tokenOf(made), code, visit.pageId ?? '-'])
    expect(JSON.stringify(data)).not.toContain(secret);
});

it('erasing a user takes the links along, and time takes them all', async () => {
  const token = tokenOf(await link());
  const { UsersService } = await import('../../src/users/users.service.js');
  await service.app.get(UsersService).erase(shop.application.realmId, app.userId);
  expect(await refusal(open(token))).toBe('link_unknown');
});

it('what the link leads to is an address of the service itself', async () => {
  expect(addressOf(await link()).origin).toBe('https://mfa.example');
});
