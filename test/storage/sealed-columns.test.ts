/** S112: what is sealed, and what is hashed under a master key, is known: or it would be lost with the key. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { sealedColumns } from '../../src/storage/sealed-columns.js';
import { startApplication, type TestApplication } from '../support/application.js';

/** Columns of other bytes: hashes. Those under a master key live no longer than doctor says (S112). */
const hashes = {
  'api_keys.hash': 'plain',
  'challenges.code_hash': 'keyed, ten minutes',
  'challenges.nonce': 'no hash: random, and handed out to be signed',
  'challenges.phone_hash': 'keyed, ten minutes',
  'devices.previous_hash': 'plain',
  'devices.token_hash': 'plain',
  'factors.credential_id': 'no hash: a name that the key tells every page of ours',
  'factors.lookup': 'keyed, made anew with the secret',
  'idempotency_answers.fingerprint': 'keyed, a day',
  'links.code_hash': 'plain',
  'links.page_hash': 'plain',
  'links.token_hash': 'plain',
  'realms.logo': 'no hash, and shown to everybody',
  'sessions.cookie_hash': 'plain',
  'sessions.previous_hash': 'plain',
  'sessions.refresh_hash': 'plain',
};

/** What is hashed under a master key, beside columns: counters and budgets by number, tags of tokens that rotate. */
const purposes = [
  'code',
  'device-successor',
  'device-token',
  'idempotent-request',
  'phone',
  'refresh-successor',
  'refresh-token',
];

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

it('every column of bytes is re-sealed, or is a hash that is known', async () => {
  const { rows } = await sql<{ name: string }>`
    SELECT table_name || '.' || column_name AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'bytea'`.execute(service.database.kysely);
  const known = [...Object.keys(sealedColumns), ...Object.keys(hashes)];
  expect(rows.map(({ name }) => name).sort()).toEqual(known.sort());
});

it('each is walked by its primary key', async () => {
  for (const { table, key } of Object.values(sealedColumns)) {
    const { rows } = await sql<{ columns: string[] }>`
      SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)) AS columns
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
      WHERE i.indrelid = ${table}::regclass AND i.indisprimary`.execute(service.database.kysely);
    expect([table, rows[0]?.columns]).toEqual([table, key]);
  }
});

it('whoever hashes under a master key has been thought of', () => {
  const root = join(__dirname, '../../src');
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [
      ...readFileSync(join(root, path), 'utf8').matchAll(/new KeyedHash\(\w+, '([^']+)'/g),
    ])
    .map(([, purpose]) => purpose);
  expect(found.sort()).toEqual(purposes);
});
