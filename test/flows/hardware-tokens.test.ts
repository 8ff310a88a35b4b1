/** A realm's hardware tokens: imported, handed out by serial, given back, lost. */
import {
  startApplication,
  type CallOptions,
  type TestApplication,
} from '../support/application.js';
import { CountingToken, stock, TickingToken } from '../support/hard-token.js';

let service: TestApplication;
let serials = 0;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const newSerial = () => `HT${String((serials += 1)).padStart(6, '0')}`;
const assign = (userId: string, serial: string, options: CallOptions = {}) =>
  service.call('POST', `/v1/users/${userId}/factors`, { type: 'hotp', serial }, options);
const activate = (id: string, code: string) =>
  service.call('POST', `/v1/factors/${id}/activate`, { code });
const verify = (userId: string, code: string) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code });
const find = async (serial: string) =>
  (await service.call('GET', `/v1/hardware-tokens?serial=${serial}`)).body.data[0];
const change = async (serial: string, verb: 'return' | 'lost') =>
  service.call('POST', `/v1/hardware-tokens/${(await find(serial)).id as string}/${verb}`);
const events = async () => {
  const all: { type: string; user_id: string | null; detail: Record<string, unknown> }[] = [];
  for (let after = ''; ;) {
    const { body } = await service.call('GET', `/v1/audit${after && `?after=${after}`}`);
    all.push(...body.data);
    if (body.next === null) return all;
    after = body.next as string;
  }
};

async function inStock(): Promise<{ serial: string; token: CountingToken }> {
  const [serial, token] = [newSerial(), new CountingToken()];
  await stock(service, { [serial]: token });
  return { serial, token };
}

/** A token that a user has. */
async function handedOut(userId: string) {
  const { serial, token } = await inStock();
  const { body } = await assign(userId, serial);
  await activate(body.id as string, token.press());
  return { serial, token, factorId: body.id as string };
}

describe('from stock into somebody’s hands', () => {
  it('is assigned by serial, however it is typed, activated by a code, and logs in', async () => {
    const { serial, token } = await inStock();
    expect(await find(serial)).toMatchObject({ serial, type: 'hotp', status: 'stock', digits: 6 });
    const enrolled = await assign('ada', `  ${serial.toLowerCase()} `);
    expect(enrolled.status).toBe(201);
    expect(enrolled.body).toMatchObject({
      type: 'hotp',
      status: 'pending',
      serial,
      hardware: true,
    });
    expect(enrolled.text).not.toContain(token.base32);
    const id = enrolled.body.id as string;
    expect(await find(serial)).toMatchObject({ status: 'assigned', user_id: 'ada', factor_id: id });
    expect((await activate(id, token.press())).body).toMatchObject({ status: 'active', serial });
    expect(await find(serial)).toMatchObject({ status: 'active', user_id: 'ada', factor_id: id });
    expect((await verify('ada', token.press())).body.factor).toEqual({ id, type: 'hotp' });
  });

  it('S19: one with a clock becomes a totp factor, and its secret is nobody’s to see', async () => {
    const [serial, token] = [newSerial(), new TickingToken(service, 25)];
    await stock(service, { [serial]: token });
    const { body, text } = await assign('bea', serial);
    expect(body).toMatchObject({ type: 'totp', hardware: true, serial });
    expect(text).not.toMatch(/secret|otpauth/);
    const id = body.id as string;
    for (const picture of ['svg', 'png', 'txt'])
      expect((await service.call('GET', `/v1/factors/${id}/qr.${picture}`)).status).toBe(404);
    await activate(id, token.code());
    service.clock.advance(60);
    expect((await verify('bea', token.code())).body.factor).toEqual({ id, type: 'totp' });
  });

  it('S105: a serial that is unknown, somebody else’s or another realm’s looks the same', async () => {
    const { serial: theirs } = await handedOut('cy');
    const elsewhere = await service.register('another realm');
    const foreign = newSerial();
    await stock(service, { [foreign]: new CountingToken() }, { key: elsewhere.key });
    const answers = [];
    for (const serial of [theirs, foreign, 'NOTHING']) answers.push(await assign('dot', serial));
    for (const { status, body } of answers) {
      expect([status, body.code]).toEqual([409, 'hardware_token_unavailable']);
      expect({ ...body, request_id: '' }).toEqual({ ...answers[0]?.body, request_id: '' });
    }
    expect((await assign('dot', foreign, { key: elsewhere.key })).status).toBe(201);
  });

  it('S17, S25: assigned to twenty users at once, it is one’s', async () => {
    const { serial, token } = await inStock();
    const users = Array.from({ length: 20 }, (_, n) => `crowd-${n}`);
    const answers = await Promise.all(users.map((user) => assign(user, serial)));
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    expect((await activate(won[0]?.body.id as string, token.press())).status).toBe(200);
  });

  it('an enrolment that is not finished leaves it in stock', async () => {
    const { serial, token } = await inStock();
    const first = await assign('eli', serial);
    service.clock.advance(601);
    expect(await find(serial)).toMatchObject({ status: 'stock' });
    const listed = await service.call('GET', '/v1/hardware-tokens?status=stock');
    expect(listed.body.data.map((shown: { serial: string }) => shown.serial)).toContain(serial);
    const second = await assign('flo', serial);
    expect(second.status).toBe(201);
    expect((await activate(first.body.id as string, token.press())).body.code).toBe(
      'factor_not_pending',
    );
    expect((await activate(second.body.id as string, token.press())).status).toBe(200);
  });

  it('one that is canceled, or guessed at ten times, leaves it in stock too', async () => {
    const { serial, token } = await inStock();
    const { body } = await assign('gil', serial);
    await service.call('DELETE', `/v1/factors/${body.id as string}`);
    expect(await find(serial)).toMatchObject({ status: 'stock' });
    const again = await assign('gil', serial);
    for (let n = 0; n < 10; n++) await activate(again.body.id as string, token.wrong(n));
    expect(await find(serial)).toMatchObject({ status: 'stock' });
  });

  it('an expired enrolment does not come to life beside the one that followed it', async () => {
    const { serial, token } = await inStock();
    const first = (await assign('hal', serial)).body.id as string;
    service.clock.advance(601);
    await assign('ida', serial);
    // A replica whose clock is behind would still take the first one for pending.
    service.clock.advance(-300);
    expect((await activate(first, token.press())).body.code).toBe('factor_not_pending');
    expect(await find(serial)).toMatchObject({ user_id: 'ida' });
  });

  it('takes a serial or a secret, never both, and nothing else with a serial', async () => {
    const { base32: secret } = new CountingToken();
    for (const body of [
      {},
      { serial: 'X1', secret },
      { serial: 'X1', digits: 8 },
      { serial: 'X1', counter: 0 },
      { serial: '' },
      { serial: 'ü' },
      { serial: 'X'.repeat(65) },
    ])
      expect(
        (await service.call('POST', '/v1/users/jo/factors', { type: 'hotp', ...body })).body.code,
      ).toBe('invalid_request');
  });
});

describe('back again', () => {
  it('a token that served somebody serves nobody else until an operator returns it', async () => {
    const { serial, token, factorId } = await handedOut('kim');
    await service.call('DELETE', `/v1/factors/${factorId}`);
    expect(await find(serial)).toMatchObject({ status: 'used' });
    expect((await find(serial)).user_id).toBeUndefined();
    expect((await assign('lou', serial)).body.code).toBe('hardware_token_unavailable');
    expect((await change(serial, 'return')).body).toMatchObject({ serial, status: 'stock' });
    const { body } = await assign('lou', serial);
    expect((await activate(body.id as string, token.press())).status).toBe(200);
  });

  it('S24: codes that its last owner used, or wrote down, are dead for the next', async () => {
    const { serial, token } = await handedOut('mo');
    await verify('mo', token.press());
    const used = token.codeOf(1);
    const writtenDown = [token.press(), token.press()];
    await change(serial, 'return');
    const { body } = await assign('ned', serial);
    const id = body.id as string;
    expect((await activate(id, used)).body.code).toBe('code_incorrect');
    expect((await activate(id, token.press())).status).toBe(200);
    for (const code of writtenDown)
      expect((await verify('ned', code)).body.code).toBe('code_incorrect');
  });

  it('S9: the drift of its clock stays with it', async () => {
    const [serial, token] = [newSerial(), new TickingToken(service, 3600)];
    await stock(service, { [serial]: token });
    const first = (await assign('ola', serial)).body.id as string;
    const pair = [token.code(-1), token.code()];
    await service.call('POST', `/v1/factors/${first}/resync`, { codes: pair });
    await change(serial, 'return');
    service.clock.advance(60);
    const second = (await assign('pat', serial)).body.id as string;
    expect((await activate(second, token.code())).status).toBe(200);
  });

  it('S18: returned or lost, the factor that it was is dead at once', async () => {
    for (const verb of ['return', 'lost'] as const) {
      const { serial, token, factorId } = await handedOut(`quin-${verb}`);
      expect((await change(serial, verb)).status).toBe(200);
      expect((await verify(`quin-${verb}`, token.press())).body.code).toBe('code_incorrect');
      const factor = await service.call('GET', `/v1/factors/${factorId}`);
      expect(factor.body.status).toBe('revoked');
    }
  });

  it('a lost one is assigned to nobody until it is found', async () => {
    const { serial } = await inStock();
    await change(serial, 'lost');
    expect(await find(serial)).toMatchObject({ status: 'lost' });
    expect((await assign('rae', serial)).body.code).toBe('hardware_token_unavailable');
    await change(serial, 'return');
    expect((await assign('rae', serial)).status).toBe(201);
  });

  it('one in stock can be taken out for good, one in somebody’s hands cannot', async () => {
    const { serial } = await inStock();
    const { id } = await find(serial);
    await assign('sam', serial);
    const path = `/v1/hardware-tokens/${id as string}`;
    expect((await service.call('DELETE', path)).body.code).toBe('hardware_token_in_use');
    await change(serial, 'return');
    expect((await service.call('DELETE', path)).status).toBe(204);
    expect((await service.call('GET', path)).status).toBe(404);
    expect(await find(serial)).toBeUndefined();
  });

  it('the tokens of a user who is erased wait for an operator, with their counters', async () => {
    const { serial, token } = await handedOut('tia');
    await verify('tia', token.press());
    const { UsersService } = await import('../../src/users/users.service.js');
    const { realmId } = service.first.application;
    expect(await service.app.get(UsersService).erase(realmId, 'tia')).toBe(true);
    expect(await find(serial)).toMatchObject({ status: 'used' });
    await change(serial, 'return');
    const { body } = await assign('una', serial);
    expect((await activate(body.id as string, token.codeOf(1))).body.code).toBe('code_incorrect');
    expect((await activate(body.id as string, token.codeOf(2))).status).toBe(200);
  });
});

it('S116: the audit has the way of a token through people’s hands', async () => {
  const { serial, factorId } = await handedOut('vic');
  await service.call('DELETE', `/v1/factors/${factorId}`);
  await change(serial, 'return');
  await change(serial, 'lost');
  const of = (await events()).filter(({ detail }) => detail['serial'] === serial);
  expect(of.map(({ type, user_id, detail }) => [type, user_id, detail['status']])).toEqual([
    ['hardware_token.assigned', 'vic', undefined],
    ['hardware_token.released', 'vic', 'used'],
    ['hardware_token.returned', null, undefined],
    ['hardware_token.lost', null, undefined],
  ]);
  expect((await events()).map(({ type }) => type)).toContain('hardware_tokens.imported');
});

it('pages through the inventory by serial', async () => {
  const paged = await service.register('many');
  const tokens = Object.fromEntries(
    Array.from({ length: 230 }, (_, n) => [`P${String(n).padStart(4, '0')}`, new CountingToken()]),
  );
  await stock(service, tokens, { key: paged.key });
  const seen: string[] = [];
  let after = '';
  do {
    const path = `/v1/hardware-tokens${after && `?after=${after}`}`;
    const { body } = await service.call('GET', path, undefined, { key: paged.key });
    seen.push(...(body.data as { serial: string }[]).map(({ serial }) => serial));
    after = (body.next ?? '') as string;
  } while (after !== '');
  expect(seen).toEqual(Object.keys(tokens));
});

it('S105, S113: shows no other realm’s tokens, and no secret of any', async () => {
  const { serial, token } = await inStock();
  const other = await service.register('nosy');
  const { id } = await find(serial);
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/lost'],
    ['POST', '/return'],
  ] as const) {
    const at = `/v1/hardware-tokens/${id as string}${path}`;
    expect((await service.call(method, at, undefined, { key: other.key })).status).toBe(404);
  }
  const listed = await service.call('GET', '/v1/hardware-tokens', undefined, { key: other.key });
  expect(listed.body.data).toEqual([]);
  const shown = await service.call('GET', `/v1/hardware-tokens/${id as string}`);
  const spellings = [token.base32, Buffer.from(token.secret).toString('hex')];
  for (const spelling of spellings) expect(shown.text).not.toContain(spelling);
  const rows = await service.database.kysely.selectFrom('hardware_tokens').selectAll().execute();
  for (const { secret } of rows)
    expect(Buffer.from(secret).includes(Buffer.from(token.secret))).toBe(false);
});
