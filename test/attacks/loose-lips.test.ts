/**
 * What a log, an error or a stolen dump tells. Codes and seeds have been found in logs of other products;
 * here a whole day's work is done at the most talkative level and then everything written is searched.
 */
import { sql } from 'kysely';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { decodeSecret } from '../../src/otp/secret.js';

let service: TestApplication;
const secrets: Buffer[] = [];
const words: string[] = [];

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_LOG_LEVEL: 'trace' } });
  const app = await enrol(service, 'liz\n{"level":60}\u001b[2J'.replace(/\p{Cc}/gu, ''));
  secrets.push(Buffer.from(decodeSecret(app.secret)));
  words.push(app.secret, app.code(), service.first.key);
  service.clock.advance(60);
  const path = `/v1/users/${encodeURIComponent(app.userId)}/verify`;
  const headers = { 'idempotency-key': 'day' };
  words.push(app.code());
  const { body } = await service.call('POST', path, { code: app.code() }, { headers });
  words.push(body.access_token as string);
  words.push('918273');
  await service.call('POST', path, { code: '918273' });
  await service.call('POST', path, '{"code":"918273"', { headers: {} });
  await service.call('POST', path, { code: '918273', extra: true });
  await service.call('GET', `/v1/users/a%0A%7B%22level%22%3A60%7D/factors`);
});
afterAll(() => service.close());

it('S114: the log holds no secret, code, token or key', () => {
  const log = service.logged.join('');
  expect(service.logged.length).toBeGreaterThan(8);
  for (const word of words) expect(log).not.toContain(word);
});

it('S115: every line of the log is one JSON object', () => {
  for (const line of service.logged) expect(line.trimEnd()).not.toContain('\n');
  for (const line of service.logged) expect(JSON.parse(line)).toHaveProperty('msg');
});

it('S113: the database holds no secret, code, token or API key that can be read', async () => {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`.execute(
    service.database.kysely,
  );
  expect(tables.length).toBeGreaterThan(9);
  let dump = '';
  for (const { name } of tables) {
    const { rows } = await sql<{
      row: string;
    }>`SELECT t::text AS row FROM ${sql.table(name)} t`.execute(service.database.kysely);
    dump += rows.map(({ row }) => row).join('\n');
  }
  expect(dump).toContain('verification.approved');
  for (const word of words) expect(dump).not.toContain(word);
  for (const secret of secrets) {
    expect(dump).not.toContain(secret.toString('hex'));
    expect(dump).not.toContain(secret.toString('base64'));
  }
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

it('S46, S121: with the database gone the answer is 503, tells nothing and holds no token', async () => {
  const other = await startApplication();
  const app = await enrol(other, 'ned');
  other.clock.advance(60);
  await other.database.close();
  const answer = await other.call('POST', '/v1/users/ned/verify', { code: app.code() });
  expect([answer.status, answer.body.code]).toEqual([503, 'storage_unavailable']);
  expect(answer.text).not.toMatch(/access_token|postgres|pglite|closed|pool|at .*\.js/i);
  expect((await other.call('GET', '/health/ready')).status).toBe(503);
  expect((await other.call('GET', '/health/live')).status).toBe(200);
  await other.app.close();
});
