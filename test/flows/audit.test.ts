/** The audit: every decision, with who, when and which; read by its realm's admins alone. */
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { UsersService } from '../../src/users/users.service.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

interface Event {
  readonly id: string;
  readonly at: string;
  readonly type: string;
  readonly application_id: string | null;
  readonly actor: string;
  readonly user_id: string | null;
  readonly factor_id: string | null;
  readonly challenge_id: string | null;
  readonly request_id: string | null;
  readonly detail: Record<string, unknown>;
}

const read = async (query: string, key?: string) =>
  (await service.call('GET', `/v1/audit${query}`, undefined, { key })).body as {
    data: Event[];
    next: string | null;
  };

/** Reads to the end, a page at a time. */
async function readAll(query: string, key?: string): Promise<Event[][]> {
  const pages = [];
  for (let after = ''; ;) {
    const { data, next } = await read(`?${query}${after}`, key);
    pages.push(data);
    if (next === null) return pages;
    after = `&after=${next}`;
  }
}

it('S116: every kind of decision is written, with who, when, which and by which request', async () => {
  const { application, key } = await service.register('everything', 'app');
  const [issued] = await service.app.get(ApplicationsService).listKeys(application.id);
  const as = (requestId: string) => ({ key, headers: { 'x-request-id': requestId } });
  const begun = service.clock.now().toISOString();
  const app = await scan(service, 'ada', as('enrol'));
  const path = `/v1/factors/${app.factorId}`;
  await service.call('POST', `${path}/activate`, { code: wrongCode(app) }, as('activate-1'));
  await service.call('POST', `${path}/activate`, { code: app.code() }, as('activate-2'));
  service.clock.advance(60);
  const verify = (code: string, requestId: string) =>
    service.call('POST', '/v1/users/ada/verify', { code }, as(requestId));
  await verify(wrongCode(app), 'verify-1');
  const body = { user_id: 'ada', type: 'totp', purpose: 'step_up', transaction: { a: 1 } };
  const opened = await service.call('POST', '/v1/challenges', body, as('open-1'));
  const id = opened.body.id as string;
  await service.call('POST', `/v1/challenges/${id}/verify`, { code: app.code() }, as('answer'));
  const second = await service.call('POST', '/v1/challenges', body, as('open-2'));
  const secondId = second.body.id as string;
  await service.call('DELETE', `/v1/challenges/${secondId}`, undefined, as('cancel'));
  await service.call('PATCH', path, { name: 'neu' }, as('rename'));
  await service.call('DELETE', path, undefined, as('revoke'));
  for (let n = 0; n < 6; n++) await verify(wrongCode(app, n), `late-${n}`);
  await service.app.get(UsersService).unlock(application.realmId, 'ada');

  const [events = []] = await readAll('user_id=ada', key);
  const told = events.map(({ type, request_id, detail }) => [
    type,
    request_id,
    detail['reason'] ?? detail['name'] ?? detail['purpose'],
  ]);
  const late = (n: number, reason: string) => ['verification.refused', `late-${n}`, reason];
  expect(told).toEqual([
    ['factor.enrolled', 'enrol', 'Authenticator app'],
    ['factor.activation_refused', 'activate-1', undefined],
    ['factor.activated', 'activate-2', undefined],
    ['verification.refused', 'verify-1', 'incorrect'],
    ['challenge.created', 'open-1', 'step_up'],
    ['verification.approved', 'answer', undefined],
    ['challenge.created', 'open-2', 'step_up'],
    ['challenge.canceled', 'cancel', undefined],
    ['factor.renamed', 'rename', 'neu'],
    ['factor.revoked', 'revoke', undefined],
    ...[0, 1, 2, 3, 4].map((n) => late(n, 'no_factor')),
    late(5, 'locked'),
    ['user.unlocked', null, undefined],
  ]);
  for (const event of events.slice(0, -1))
    expect(event).toMatchObject({
      id: expect.stringMatching(/^aud_/),
      application_id: application.id,
      actor: issued?.id,
      user_id: 'ada',
    });
  expect(events.at(-1)).toMatchObject({ actor: 'operator', application_id: null });
  for (const event of events.filter(({ type }) => /^factor\.|approved/.test(type)))
    expect(event.factor_id).toBe(app.factorId);
  expect(events.map(({ challenge_id }) => challenge_id).filter(Boolean)).toEqual([
    id,
    id,
    secondId,
    secondId,
  ]);
  expect(events[0]?.at).toBe(begun);
  expect(new Date(events[3]?.at ?? 0).getTime() - new Date(begun).getTime()).toBe(60_000);
});

it('S116: a used code and a locked account are told apart inside, and not outside', async () => {
  const app = await enrol(service, 'bea');
  service.clock.advance(60);
  const verify = (code: string) => service.call('POST', '/v1/users/bea/verify', { code });
  const answers = await Promise.all([verify(app.code()), verify(app.code())]);
  const refused = answers.find(({ status }) => status !== 200);
  expect(refused?.body.code).toBe('code_incorrect');
  const { data } = await read('?user_id=bea');
  expect(data.map(({ detail }) => detail['reason']).filter(Boolean)).toHaveLength(1);
});

it('S116: a refusal names the factor that was asked, where one was', async () => {
  const app = await enrol(service, 'bob');
  const body = { user_id: 'bob', type: 'totp', factor_id: app.factorId };
  const { id } = (await service.call('POST', '/v1/challenges', body)).body as { id: string };
  const code = wrongCode(app);
  await service.call('POST', `/v1/challenges/${id}/verify`, { code });
  await service.call('POST', '/v1/users/bob/verify', { code, factor_id: app.factorId });
  await service.call('POST', '/v1/users/bob/verify', { code });
  const [, , ...events] = (await read('?user_id=bob')).data;
  expect(events.map(({ type, factor_id }) => [type, factor_id])).toEqual([
    ['challenge.created', app.factorId],
    ['verification.refused', app.factorId],
    ['verification.refused', app.factorId],
    ['verification.refused', null],
  ]);
});

it('S116: what an operator does to applications and keys is written as an operator’s', async () => {
  const { application, key } = await service.register('operated', 'app');
  const applications = service.app.get(ApplicationsService);
  const issued = await applications.createKey(application.id, ['verify', 'enrol']);
  await applications.revokeKey(issued.id);
  const [events = []] = await readAll('', key);
  const [created] = await applications.listKeys(application.id);
  expect(events.map(({ type, actor, detail }) => [type, actor, detail])).toEqual([
    ['application.created', 'operator', { name: 'app' }],
    ['api_key.created', 'operator', { key_id: created?.id, scopes: ['verify', 'enrol', 'admin'] }],
    ['api_key.created', 'operator', { key_id: issued.id, scopes: ['verify', 'enrol'] }],
    ['api_key.revoked', 'operator', { key_id: issued.id }],
  ]);
  for (const event of events) expect(event.application_id).toBe(application.id);
  expect(JSON.stringify(events)).not.toContain(issued.key);
});

it('S116: an erased user’s events stay, under a name that leads to nobody', async () => {
  const { application, key } = await service.register('erased', 'app');
  await enrol(service, 'cy', { key });
  const users = service.app.get(UsersService);
  const before = (await readAll('user_id=cy', key)).flat();
  expect(await users.erase(application.realmId, 'cy')).toBe(true);
  expect(await users.erase(application.realmId, 'cy')).toBe(false);
  expect((await read('?user_id=cy', key)).data).toEqual([]);
  const after = (await readAll('', key)).flat().slice(2);
  expect(after.map(({ type }) => type)).toEqual([...before.map(({ type }) => type), 'user.erased']);
  const [name] = new Set(after.map(({ user_id }) => user_id));
  expect(name).toMatch(/^erased_[\w-]{22}$/);
  expect(new Set(after.map(({ user_id }) => user_id)).size).toBe(1);
  const listed = await service.call('GET', '/v1/users/cy/factors', undefined, { key });
  expect(listed.body.data).toEqual([]);
});

it('S114: no event holds a code, a secret or a token', async () => {
  const app = await enrol(service, 'di');
  service.clock.advance(60);
  const wrong = wrongCode(app, 918_273);
  await service.call('POST', '/v1/users/di/verify', { code: wrong });
  const { body } = await service.call('POST', '/v1/users/di/verify', { code: app.code() });
  const details = JSON.stringify((await read('?user_id=di')).data.map(({ detail }) => detail));
  for (const word of [wrong, app.code(), app.secret, body.access_token])
    expect(details).not.toContain(word);
  expect(details).toContain('"incorrect"');
});

it('S105, S116: a realm’s admins read their own realm, and filter by any spelling of a user', async () => {
  const realm = await service.register('own', 'app');
  const colleague = await service.register('own', 'colleague');
  const other = await service.register('foreign', 'app');
  const open = (userId: string, { key }: Registered) =>
    service.call('POST', '/v1/challenges', { user_id: userId, type: 'totp' }, { key });
  await open('Zo\u00eb', realm);
  await open('Zoe\u0308', colleague);
  await open('Zo\u00eb', other);
  for (const { key } of [realm, colleague])
    expect((await read('?user_id=Zoe%CC%88', key)).data).toHaveLength(2);
  const foreign = (await readAll('', other.key)).flat();
  expect(foreign).toHaveLength(3);
  for (const event of foreign) {
    expect(event.application_id).toBe(other.application.id);
    expect(event).not.toHaveProperty('realm_id');
  }
  const [own] = (await read('?user_id=Zo%C3%AB', realm.key)).data;
  // A place in another realm's audit is a place to go on from, and shows nothing of it.
  const after = (await read(`?after=${own?.id ?? ''}`, other.key)).data;
  for (const event of after) expect(event.application_id).toBe(other.application.id);
});

it('S116: more than two hundred events come page by page, each once, oldest first', async () => {
  const { key } = await service.register('pages', 'app');
  for (let n = 0; n < 205; n++)
    await service.call('POST', '/v1/challenges', { user_id: `u${n % 2}`, type: 'totp' }, { key });
  const pages = await readAll('', key);
  expect(pages.map(({ length }) => length)).toEqual([100, 100, 7]);
  const ids = pages.flat().map(({ id }) => id);
  expect(new Set(ids).size).toBe(207);
  expect([...ids].sort()).toEqual(ids);
  const ofOne = await readAll('user_id=u0', key);
  expect(ofOne.map(({ length }) => length)).toEqual([100, 3]);
  for (const { user_id } of ofOne.flat()) expect(user_id).toBe('u0');
  expect((await read(`?after=${ids.at(-1) ?? ''}`, key)).data).toEqual([]);
});

it.each(['?after=x', '?after=', '?user_id=', '?limit=1000', '?realm_id=x', '?after=fac_x'])(
  'S116: %s is refused and not ignored',
  async (query) => {
    const { status, body } = await service.call('GET', `/v1/audit${query}`);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
  },
);
