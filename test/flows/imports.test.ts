/** Moving in: what users used elsewhere, and boxes of tokens, by the file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hotp } from '../../src/otp/hotp.js';
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt } from '../../src/otp/totp.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { CountingToken } from '../support/hard-token.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const file = (name: string) => readFileSync(join(__dirname, '../token-files/files', name), 'utf8');
const rfc = Buffer.from('12345678901234567890');
const fernetKey = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64url');
const send = ({ key }: Registered, body: Record<string, unknown>) =>
  service.call('POST', '/v1/tokens-import', body, { key });
const verify = ({ key }: Registered, userId: string, code: string) =>
  service.call('POST', `/v1/users/${encodeURIComponent(userId)}/verify`, { code }, { key });

/** How many rows of a realm the database has, of everything that an import may touch. */
async function rowsOf({ application: { realmId } }: Registered) {
  const tables = ['hardware_tokens', 'factors', 'users', 'audit_events'] as const;
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const rows = await service.database.kysely
      .selectFrom(table)
      .select('realm_id')
      .where('realm_id', '=', realmId)
      .execute();
    counts[table] = rows.length;
  }
  return counts;
}

describe('every format', () => {
  it.each([
    ['csv2pskc-plain.xml', { hardware_tokens: 2, factors: 0 }, {}],
    ['key-uris.txt', { hardware_tokens: 0, factors: 4 }, {}],
    ['google-authenticator.txt', { hardware_tokens: 0, factors: 3 }, {}],
    ['authelia.yml', { hardware_tokens: 0, factors: 2 }, {}],
    ['authelia.csv', { hardware_tokens: 0, factors: 2 }, {}],
    ['keycloak.json', { hardware_tokens: 0, factors: 4 }, {}],
    ['kratos.json', { hardware_tokens: 0, factors: 1 }, {}],
    ['privacyidea.json', { hardware_tokens: 2, factors: 1 }, {}],
    ['privacyidea.fernet', { hardware_tokens: 2, factors: 1 }, { key: `${fernetKey}=` }],
    ['privacyidea.csv', { hardware_tokens: 3, factors: 2 }, { assign_users: true }],
    ['yubico-traditional.csv', { hardware_tokens: 2, factors: 0 }, {}],
    ['yubico-format.csv', { hardware_tokens: 3, factors: 0 }, {}],
  ])(
    '%s: a dry run changes nothing and says what the import does; twice is once',
    async (...row) => {
      const [name, expected, options] = row;
      const realm = await service.register(`realm of ${name}`);
      const body = { content: file(name), ...options };
      const before = await rowsOf(realm);
      const dry = (await send(realm, { ...body, dry_run: true })).body;
      expect(await rowsOf(realm)).toEqual(before);
      const done = (await send(realm, body)).body;
      expect(done).toEqual({ ...dry, dry_run: false });
      expect(await rowsOf(realm)).toMatchObject(expected);
      const after = await rowsOf(realm);
      const again = (await send(realm, body)).body;
      expect(again).toMatchObject({ imported: 0, present: done.imported, refused: done.refused });
      expect(await rowsOf(realm)).toEqual(after);
      // Every row is accounted for, and refusals say why.
      const rows = done.rows as { line: number; outcome: string; reason?: string }[];
      expect(rows).toHaveLength((done.imported as number) + (done.refused as number));
      for (const { line, outcome, reason } of rows)
        expect([line > 0, outcome === 'refused']).toEqual([true, reason !== undefined]);
    },
  );
});

it('an app’s user logs in with what it shows now, and not with the code of a moment ago (S23)', async () => {
  const realm = await service.register('moved from Keycloak');
  await send(realm, { content: file('keycloak.json') });
  const secret = Buffer.from('GtA0hRn3vkUzbTIMgPGl');
  const shown = () => hotp(secret, stepAt(service.clock.now(), 30), 6, 'SHA1');
  expect((await verify(realm, 'ada', shown())).body.code).toBe('code_incorrect');
  service.clock.advance(30);
  expect((await verify(realm, 'ada', shown())).body).toMatchObject({
    user_id: 'ada',
    factor: { type: 'totp' },
  });
  // And a counter goes on where it stood.
  const counting = Buffer.from('abcdefghijklmnopqrst');
  const code = (counter: number) => hotp(counting, counter, 6, 'SHA256');
  expect((await verify(realm, 'bob', code(40))).body.code).toBe('code_incorrect');
  expect((await verify(realm, 'bob', code(41))).status).toBe(200);
});

it('a token whose user is named beside its serial is in stock, or at once theirs', async () => {
  const realm = await service.register('moved from privacyIDEA');
  const body = { content: file('privacyidea.json') };
  await send(realm, body);
  const find = async (serial: string) =>
    (
      await service.call('GET', `/v1/hardware-tokens?serial=${serial}`, undefined, {
        key: realm.key,
      })
    ).body.data[0] as Record<string, unknown>;
  expect(await find('OATH00012345')).toMatchObject({ status: 'stock' });
  expect((await verify(realm, 'ada', hotp(rfc, 17, 6, 'SHA1'))).body.code).toBe('code_incorrect');
  const other = await service.register('moved with their tokens');
  await send(other, { ...body, assign_users: true });
  expect((await verify(other, 'ada', hotp(rfc, 17, 6, 'SHA1'))).status).toBe(200);
});

it('a file that pskctool signed: assigned by its serial, logged in, gone astray and found', async () => {
  const realm = await service.register('a box of tokens');
  await send(realm, { content: file('pskctool-signed.xml') });
  const call = (path: string, body: object) => service.call('POST', path, body, { key: realm.key });
  const { body } = await call('/v1/users/ned/factors', { type: 'hotp', serial: 'ft-0001' });
  const path = `/v1/factors/${body.id as string}`;
  const code = (counter: number) => hotp(rfc, counter, 6, 'SHA1');
  expect((await call(`${path}/activate`, { code: code(16) })).status).toBe(422);
  expect((await call(`${path}/activate`, { code: code(17) })).body.status).toBe('active');
  expect((await verify(realm, 'ned', code(18))).status).toBe(200);
  expect((await verify(realm, 'ned', code(400))).status).toBe(422);
  expect((await call(`${path}/resync`, { codes: [code(400), code(401)] })).status).toBe(200);
  expect((await verify(realm, 'ned', code(402))).status).toBe(200);
});

it('a serial with another secret is refused, and what is there stays', async () => {
  const realm = await service.register('two boxes');
  const [one, two] = [new CountingToken(), new CountingToken()];
  await send(realm, { format: 'oath-csv', content: `S1,${one.base32}` });
  const { body } = await send(realm, {
    format: 'oath-csv',
    content: `S1,${two.base32}\nS2,${two.base32}`,
  });
  expect(body.rows).toEqual([
    expect.objectContaining({ line: 1, outcome: 'refused', reason: expect.any(String) as string }),
    { line: 2, serial: 'S2', outcome: 'imported' },
  ]);
  expect(JSON.stringify(body)).not.toContain(two.base32);
});

it('S23: a secret that a file brings a user twice is theirs once: its codes are not good twice', async () => {
  const realm = await service.register('programmed twice');
  const token = new CountingToken();
  const rows = [`S1,${token.base32},ada`, `S2,${token.base32},ada`, `,${token.base32},ada`];
  const content = ['serial,key,user', ...rows].join('\n');
  const { body } = await send(realm, { format: 'oath-csv', content, assign_users: true });
  const outcomes = (body.rows as { outcome: string }[]).map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['imported', 'refused', 'present']);
  const code = token.press();
  expect((await verify(realm, 'ada', code)).status).toBe(200);
  expect((await verify(realm, 'ada', code)).body.code).toBe('code_incorrect');
});

it('two imports of one file at once put each token in once', async () => {
  const realm = await service.register('impatient');
  const content = Array.from({ length: 700 }, (_, n) => `T${n},${new CountingToken().base32}`);
  const body = { format: 'oath-csv', content: content.join('\n') };
  const answers = await Promise.all([send(realm, body), send(realm, body)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await rowsOf(realm)).toMatchObject({ hardware_tokens: 700 });
  const imported = answers.map((answer) => answer.body.imported as number);
  expect(imported.reduce((sum, count) => sum + count)).toBe(700);
});

it('the figures have the tokens of all realms by their status, and what was found again', async () => {
  const realm = await service.register('counted');
  const token = new CountingToken();
  await send(realm, { content: `serial,key,user\nM-1,${token.base32},mia`, assign_users: true });
  const { body } = await service.call('GET', '/v1/users/mia/factors', undefined, {
    key: realm.key,
  });
  const path = `/v1/factors/${body.data[0].id as string}/resync`;
  const resync = (codes: string[]) => service.call('POST', path, { codes }, { key: realm.key });
  token.pressBlindly(50);
  expect((await resync([token.wrong(), token.wrong(7)])).status).toBe(422);
  expect((await resync([token.press(), token.press()])).status).toBe(200);
  service.clock.advance(11);
  const { text } = await service.call('GET', '/metrics');
  const inUse = await service.database.kysely
    .selectFrom('hardware_tokens')
    .select('id')
    .where('status', '=', 'active')
    .execute();
  expect(text).toContain(`watchword_hardware_tokens{status="active"} ${inUse.length}\n`);
  expect(text).toMatch(/watchword_hardware_tokens\{status="stock"\} [1-9]/);
  expect(text).toContain('watchword_hardware_tokens{status="lost"} 0');
  expect(text).toMatch(/watchword_resyncs_total\{outcome="found"\} [1-9]/);
  expect(text).toMatch(/watchword_resyncs_total\{outcome="incorrect"\} [1-9]/);
});

it('S105: an import fills the caller’s realm alone', async () => {
  const [here, there] = [await service.register('here'), await service.register('there')];
  await send(here, { content: file('key-uris.txt') });
  service.clock.advance(60);
  const secret = decodeSecret('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  const code = hotp(secret, stepAt(service.clock.now(), 30), 6, 'SHA1');
  expect((await verify(there, 'alice@example.com', code)).body.code).toBe('code_incorrect');
  expect((await verify(here, 'alice@example.com', code)).status).toBe(200);
});
