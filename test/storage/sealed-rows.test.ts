/** S111: somebody who can write to the database and has no key moves sealed values about. */
import { sql } from 'kysely';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const verify = ({ userId, factorId }: Authenticator, code: string) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code, factor_id: factorId });
const write = (statement: ReturnType<typeof sql>) => statement.execute(service.database.kysely);

/** Both secrets change places. */
async function swap(one: Authenticator, two: Authenticator): Promise<void> {
  const { rows } = (await write(
    sql`SELECT id, secret FROM factors WHERE id IN (${one.factorId}, ${two.factorId})`,
  )) as { rows: { id: string; secret: Uint8Array }[] };
  for (const { id, secret } of rows) {
    const other = id === one.factorId ? two.factorId : one.factorId;
    await write(sql`UPDATE factors SET secret = ${secret} WHERE id = ${other}`);
  }
}

async function expectDead(app: Authenticator, codes: string[]): Promise<void> {
  for (const code of codes) {
    const answer = await verify(app, code);
    expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toMatch(/access_token|tampered|envelope|seal/i);
  }
}

it.each([
  ['of two users', 'ada', 'bea'],
  ['of one user', 'cy', 'cy'],
])('S111: two secrets %s that changed places open nothing: neither verifies', async (_, a, b) => {
  const [one, two] = [await enrol(service, a), await enrol(service, b)];
  const bystander = await enrol(service, 'zed');
  service.clock.advance(60);
  await swap(one, two);
  for (const app of [one, two]) await expectDead(app, [one.code(), two.code()]);
  expect((await verify(bystander, bystander.code())).status).toBe(200);
  await swap(one, two);
  service.clock.advance(60);
  for (const app of [one, two]) expect((await verify(app, app.code())).status).toBe(200);
});

it('S111: a row that is given to another user does not open', async () => {
  const mallory = await enrol(service, 'mallory');
  await enrol(service, 'victim');
  service.clock.advance(60);
  await write(sql`UPDATE factors SET user_id = 'victim' WHERE id = ${mallory.factorId}`);
  await expectDead({ ...mallory, userId: 'victim' }, [mallory.code()]);
});

it('S111: an application moved to another realm takes no sealed value with it', async () => {
  const app = await enrol(service, 'dan');
  const elsewhere = await service.register('another realm');
  service.clock.advance(60);
  const { realmId } = elsewhere.application;
  await write(
    sql`INSERT INTO users SELECT ${realmId}, user_id, created_at FROM users WHERE user_id = 'dan'`,
  );
  await write(sql`UPDATE factors SET realm_id = ${realmId} WHERE id = ${app.factorId}`);
  const path = '/v1/users/dan/verify';
  const answer = await service.call('POST', path, { code: app.code() }, { key: elsewhere.key });
  expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
});

it.each([
  ['cut short', sql`substring(secret FROM 1 FOR 20)`],
  ['empty', sql`''::bytea`],
  ['with one bit changed', sql`set_bit(secret, 200, 1 - get_bit(secret, 200))`],
  ['of a later version', sql`set_byte(secret, 0, 2)`],
  ['under another key’s name', sql`set_byte(secret, 3, 57)`],
  ['in plain', sql`'12345678901234567890'::bytea`],
])('S111: a secret %s is refused, and the service goes on', async (name, value) => {
  const app = await enrol(service, `e-${name.replaceAll(' ', '-').replace('’', '')}`);
  const pending = await scan(service, app.userId);
  service.clock.advance(60);
  await write(sql`UPDATE factors SET secret = ${value} WHERE user_id = ${app.userId}`);
  await expectDead(app, [app.code()]);
  const activation = await service.call('POST', `/v1/factors/${pending.factorId}/activate`, {
    code: pending.code(),
  });
  expect(activation.status).toBe(500);
  expect((await service.call('GET', `/v1/factors/${pending.factorId}/qr.svg`)).status).toBe(500);
  // It can still be looked at, and removed.
  expect((await service.call('GET', `/v1/factors/${app.factorId}`)).status).toBe(200);
  expect((await service.call('DELETE', `/v1/factors/${app.factorId}`)).status).toBe(204);
});

it('S30, S111: guesses at a broken factor are charged like any other', async () => {
  const app = await enrol(service, 'finn');
  service.clock.advance(60);
  await write(sql`UPDATE factors SET secret = ''::bytea WHERE id = ${app.factorId}`);
  for (let n = 0; n < 5; n++) expect((await verify(app, app.code())).status).toBe(500);
  expect((await verify(app, app.code())).body.code).toBe('locked');
});
