/** What a thief of the database has without the keys: nothing that opens anything. */
import { sql } from 'kysely';
import { decodeSecret } from '../../src/otp/secret.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;
let active: Authenticator;
let pending: Authenticator;
const tokens: string[] = [];
const codes: string[] = [];

beforeAll(async () => {
  service = await startApplication();
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  active = await enrol(service, 'ada', { body: { secret } });
  pending = await scan(service, 'ada', { headers: { 'idempotency-key': 'enrol' } });
  service.clock.advance(60);
  const verify = async (code: string, idempotencyKey: string) => {
    codes.push(code);
    const headers = { 'idempotency-key': idempotencyKey };
    return service.call('POST', '/v1/users/ada/verify', { code }, { headers });
  };
  await verify(wrongCode(active), 'wrong');
  const answer = await verify(active.code(), 'right');
  tokens.push(answer.body.access_token as string);
  const opened = await service.call('POST', '/v1/challenges', { user_id: 'ada', type: 'totp' });
  service.clock.advance(30);
  codes.push(active.code());
  const path = `/v1/challenges/${opened.body.id as string}/verify`;
  const second = await service.call('POST', path, { code: active.code() });
  tokens.push(second.body.access_token as string);
});
afterAll(() => service.close());

/** Every row of every table: as PostgreSQL writes it, and each bytea as the bytes themselves. */
async function dump(): Promise<{ text: string; bytes: Buffer; tables: string[] }> {
  const { kysely } = service.database;
  const { rows: tables } = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`.execute(kysely);
  const texts: string[] = [];
  const bytes: Buffer[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<Record<string, unknown>>`
      SELECT t::text AS whole, t.* FROM ${sql.table(name)} t`.execute(kysely);
    for (const row of rows) {
      texts.push(String(row['whole']));
      for (const value of Object.values(row))
        if (value instanceof Uint8Array) bytes.push(Buffer.from(value));
    }
  }
  return {
    text: texts.join('\n'),
    bytes: Buffer.concat(bytes),
    tables: tables.map(({ name }) => name),
  };
}

const spellings = (bytes: Buffer) =>
  (['hex', 'base64', 'base64url', 'latin1'] as const).map((encoding) => bytes.toString(encoding));

it('the dump is one: every table, and what was done is in it', async () => {
  const { text, tables } = await dump();
  expect(tables).toEqual(
    expect.arrayContaining(['factors', 'signing_keys', 'idempotency_answers', 'api_keys']),
  );
  expect(text).toContain('verification.approved');
  expect(text).toContain(pending.factorId);
  expect(tokens).toEqual([expect.stringMatching(/^eyJ/), expect.stringMatching(/^eyJ/)]);
});

it('S113: it holds no secret, pending or active, in any spelling', async () => {
  const { text, bytes } = await dump();
  for (const { secret } of [active, pending]) {
    const raw = Buffer.from(decodeSecret(secret));
    for (const spelling of [secret, secret.toLowerCase(), ...spellings(raw)]) {
      expect(text.includes(spelling)).toBe(false);
      expect(bytes.includes(spelling, 0, 'latin1')).toBe(false);
    }
  }
  expect(text).not.toContain('otpauth');
  expect(bytes.includes('otpauth')).toBe(false);
});

it('S113: it holds no code, right or wrong', async () => {
  const { text } = await dump();
  // Six digits alone: any row of digits may hold them by chance.
  for (const code of codes)
    expect(text).not.toMatch(new RegExp(`(?<![0-9a-z])${code}(?![0-9a-z])`));
});

it('S107, S113: it holds no API key beyond its first characters, and no token', async () => {
  const { text, bytes } = await dump();
  const { key } = service.first;
  expect(text).toContain(key.slice(0, 9));
  for (const word of [key, key.slice(3), key.slice(9), ...spellings(Buffer.from(key)).slice(0, 3)])
    expect(text.includes(word) || bytes.includes(word)).toBe(false);
  for (const token of tokens)
    for (const part of token.split('.').slice(1))
      expect(text.includes(part) || bytes.includes(part)).toBe(false);
});

it('S113: another keyring opens none of it', async () => {
  const other = startApplication({ driver: driverOf(service), clock: service.clock });
  await expect(other).rejects.toThrow(/does not open/);
});

function driverOf(from: TestApplication) {
  const { database } = from;
  return {
    kind: database.kind,
    kysely: database.kysely,
    run: database.run.bind(database),
    close: () => Promise.resolve(),
  };
}
