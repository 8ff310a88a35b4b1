/**
 * A dump of the database in the wrong hands, and a database that somebody writes to. Without the keys it
 * tells nobody's secret; and a sealed value that is moved to another row opens nothing there.
 */
import { sql } from 'kysely';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { decodeSecret } from '../../src/otp/secret.js';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';
import { codeAt, enrolPhone, openLogin } from '../support/phones.js';

let service: TestApplication;
let dump: string;
const words: string[] = [];
const secrets: Buffer[] = [];
const codesSent: string[] = [];

beforeAll(async () => {
  service = await startApplication();
  const app = await enrol(service, 'liz');
  const pending = await scan(service, 'liz');
  words.push(app.code(), pending.code(), '918273');
  service.clock.advance(60);
  const headers = { 'idempotency-key': 'day' };
  const path = '/v1/users/liz/verify';
  words.push(app.code());
  const { body } = await service.call('POST', path, { code: app.code() }, { headers });
  await service.call('POST', path, { code: '918273' }, { headers: { 'idempotency-key': 'wrong' } });
  words.push(...(body.access_token as string).split('.'), app.secret, pending.secret);
  words.push(service.first.key, service.first.key.slice(3));
  const { privateKey } = service.app.get(SigningKeys).current();
  secrets.push(
    Buffer.from(decodeSecret(app.secret)),
    Buffer.from(decodeSecret(pending.secret)),
    Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'),
  );
  await enrolPhone(service, 'liz', '+14155550199');
  codesSent.push((await codeAt(service, '+14155550199')) ?? '');
  words.push('4155550199', ...codesSent);
  service.clock.advance(31);
  // One on its way: its message is sealed, its code a keyed hash.
  const carry = jest.spyOn(service.app.get(Dispatcher), 'carry').mockReturnValue();
  await openLogin(service, '+14155550198');
  carry.mockRestore();
  words.push('4155550198', '•');
  dump = await dumpOf(service);
});
afterAll(() => service.close());

async function dumpOf({ database: { kysely } }: TestApplication): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'public'`.execute(kysely);
  expect(tables.length).toBeGreaterThan(9);
  const lines: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`
      SELECT t::text AS row FROM ${sql.table(name)} t`.execute(kysely);
    lines.push(...rows.map(({ row }) => row));
  }
  return lines.join('\n');
}

it('S113: a dump holds no secret, code, token or API key that can be read', () => {
  expect(dump.includes('verification.approved')).toBe(true);
  expect(words.filter((word) => dump.includes(word))).toEqual([]);
  for (const secret of secrets)
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
      expect([form, dump.includes(secret.toString(form))]).toEqual([form, false]);
});

it('S113: nor can it be told by trying which code a kept request held', async () => {
  const { fingerprint } = await service.database.kysely
    .selectFrom('idempotency_answers')
    .select('fingerprint')
    .where('key', '=', 'wrong')
    .executeTakeFirstOrThrow();
  const { createHash } = await import('node:crypto');
  const request = ['POST', '/v1/users/liz/verify', '{"code":"918273"}'];
  for (const text of [
    request.join(''),
    request.join('\n'),
    request.join('\u0000'),
    request[2] ?? '',
  ])
    expect(Buffer.from(fingerprint).equals(createHash('sha256').update(text).digest())).toBe(false);
});

it('S111: a sealed secret moved to another factor opens nothing, and earns no token', async () => {
  const mine = await enrol(service, 'mallory');
  const theirs = await enrol(service, 'victim');
  service.clock.advance(60);
  await sql`UPDATE factors SET secret = (SELECT secret FROM factors WHERE id = ${mine.factorId})
    WHERE id = ${theirs.factorId}`.execute(service.database.kysely);
  const answer = await service.call('POST', '/v1/users/victim/verify', { code: mine.code() });
  expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
  expect(answer.text).not.toContain('access_token');
});

it('S111: a factor moved to another user opens nothing, and earns no token', async () => {
  const mine = await enrol(service, 'mover');
  service.clock.advance(60);
  await sql`UPDATE factors SET user_id = 'liz' WHERE id = ${mine.factorId}`.execute(
    service.database.kysely,
  );
  const answer = await service.call('POST', '/v1/users/liz/verify', {
    code: mine.code(),
    factor_id: mine.factorId,
  });
  expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
});

it('S64, S113: a code’s hash is of its challenge, and no bare hash finds code or number', async () => {
  const { createHash } = await import('node:crypto');
  const { kysely } = service.database;
  const rows = await kysely
    .selectFrom('challenges')
    .select(['id', 'code_hash', 'phone_hash'])
    .where('phone_hash', 'is not', null)
    .execute();
  const hashes = rows.flatMap(({ code_hash, phone_hash }) => [code_hash, phone_hash]);
  const known = [...codesSent, '+14155550198', '+14155550199', '4155550198'];
  const bare = known.map((text) => createHash('sha256').update(text).digest('base64'));
  const stored = hashes.flatMap((hash) => (hash ? Buffer.from(hash).toString('base64') : []));
  expect(stored.length).toBeGreaterThan(2);
  expect(stored.filter((hash) => bare.includes(hash))).toEqual([]);
  // Two challenges with one code have two hashes.
  const { SentCodes } = await import('../../src/challenges/sent-codes.js');
  const codes = service.app.get(SentCodes);
  expect(codes.hash('chl_1', '123456').equals(codes.hash('chl_2', '123456'))).toBe(false);
});
