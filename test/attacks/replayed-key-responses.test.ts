/**
 * The attack: an answer of a security key that was overheard, or is somebody else's, is used again: by another
 * request, for another user, application or realm, later, or twice at once; or a copy of the key is used beside it
 * (S71 to S75).
 */
import { UsersService } from '../../src/users/users.service.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { beginKey, enrolKey, openForKey, SecurityKey, verifyKey } from '../support/security-key.js';

let service: TestApplication;
let stranger: Registered;

beforeAll(async () => {
  service = await startApplication();
  stranger = await service.register('another realm');
});
afterAll(() => service.close());

const keyOf = async (userId: string, options: { key?: string } = {}) => {
  const key = new SecurityKey({ verifies: true, synced: true });
  await enrolKey(service, userId, key, options);
  return key;
};
const outcome = ({ body }: { body: { code?: string; reason?: string } }) =>
  body.reason ?? body.code;

it('S71: one answer is good once, however many send it at a time', async () => {
  // One that counts nothing: its counter does not stop a replay.
  const key = await keyOf('ann');
  const { id, options } = await openForKey(service, 'ann');
  const response = key.get(options);
  const answers = await Promise.all([1, 2].map(() => verifyKey(service, id, response)));
  expect(answers.map(({ status }) => status).sort()).not.toEqual([200, 200]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(outcome(await verifyKey(service, id, response))).toBe('challenge_ended');
  const next = await openForKey(service, 'ann');
  expect(outcome(await verifyKey(service, next.id, response))).toBe('challenge');
});

it('S71: one key that is made ends one enrolment, however many send it at a time', async () => {
  const { body } = await beginKey(service, 'ben');
  const response = await new SecurityKey().create(body.webauthn.options);
  const path = `/v1/factors/${body.id as string}/activate`;
  const answers = await Promise.all([1, 2, 3].map(() => service.call('POST', path, { response })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  // Nor is it good for another enrolment, whose challenge it has not signed.
  const other = (await beginKey(service, 'ben')).body;
  const again = await service.call('POST', `/v1/factors/${other.id as string}/activate`, {
    response,
  });
  expect(outcome(again)).toBe('challenge');
});

it('S73: a key is its user’s, whoever’s challenge it signs', async () => {
  const [mine] = [await keyOf('cat'), await keyOf('dan')];
  const { id, options } = await openForKey(service, 'dan');
  expect(outcome(await verifyKey(service, id, mine.get(options)))).toBe('credential');
  // Both users signed, each their own: neither answer is good for the other's challenge.
  const own = await openForKey(service, 'cat');
  expect(outcome(await verifyKey(service, id, mine.get(own.options)))).toBe('credential');
  expect((await verifyKey(service, own.id, mine.get(own.options))).status).toBe(200);
});

it('S73: a key of another realm is nobody’s here, by name or without', async () => {
  const foreign = await keyOf('eve', { key: stranger.key });
  await keyOf('eve');
  for (const userId of ['eve', undefined]) {
    const { id, options } = await openForKey(service, userId);
    expect(outcome(await verifyKey(service, id, foreign.get(options)))).toBe('credential');
  }
});

it('S27: a challenge is its application’s, even within a realm', async () => {
  const key = await keyOf('flo');
  const colleague = await service.register(service.first.application.realmName, 'colleague');
  const { id, options } = await openForKey(service, 'flo');
  const response = key.get(options);
  const answer = await verifyKey(service, id, response, {}, { key: colleague.key });
  expect(answer.status).toBe(404);
  expect((await verifyKey(service, id, response)).status).toBe(200);
});

it('S71: an answer that comes too late is none', async () => {
  const key = await keyOf('gil');
  const { id, options } = await openForKey(service, 'gil');
  service.clock.advance(301);
  expect(outcome(await verifyKey(service, id, key.get(options)))).toBe('challenge_ended');
  const { body } = await beginKey(service, 'gil');
  const response = await new SecurityKey().create(body.webauthn.options);
  service.clock.advance(601);
  const late = await service.call('POST', `/v1/factors/${body.id as string}/activate`, {
    response,
  });
  expect(outcome(late)).toBe('factor_not_pending');
});

it('S74: of a key and its copy, one gets in where their counters cross', async () => {
  const key = new SecurityKey();
  await enrolKey(service, 'hal', key);
  const [one, two] = [await openForKey(service, 'hal'), await openForKey(service, 'hal')];
  const answers = await Promise.all([
    verifyKey(service, one.id, key.get(one.options, { counter: 9 })),
    verifyKey(service, two.id, key.get(two.options, { counter: 9 })),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

it('a passkey without its user’s handle says nobody, and one that was only touched is not enough', async () => {
  const key = await keyOf('ian');
  const { id, options } = await openForKey(service);
  const nameless = await verifyKey(service, id, key.get(options, { userHandle: null }));
  expect(outcome(nameless)).toBe('user_handle');
  const touched = await verifyKey(service, id, key.get(options, { verified: false }));
  expect(outcome(touched)).toBe('user_verification');
  expect((await verifyKey(service, id, key.get(options))).body).toMatchObject({ user_id: 'ian' });
});

it('S30, S38: rubbish is charged, ends its challenge, and locks nobody out who is not named', async () => {
  const key = await keyOf('jo');
  const rubbish = (options: { challenge: string }) =>
    key.get({ ...options, challenge: 'AAAA' } as Parameters<SecurityKey['get']>[0]);
  const { id, options } = await openForKey(service);
  for (let left = 4; left >= 0; left--) {
    const refused = await verifyKey(service, id, rubbish(options));
    expect(refused.body).toMatchObject({ code: 'security_key_refused', attempts_left: left });
  }
  expect(outcome(await verifyKey(service, id, key.get(options)))).toBe('challenge_ended');
  const own = await openForKey(service, 'jo');
  expect((await verifyKey(service, own.id, key.get(own.options))).status).toBe(200);
  // Without the name this key waits, until an operator lets it in.
  const login = async () => {
    const nameless = await openForKey(service);
    return verifyKey(service, nameless.id, key.get(nameless.options));
  };
  expect(outcome(await login())).toBe('locked');
  await service.app.get(UsersService).unlock(service.first.application.realmId, 'jo');
  expect((await login()).body).toMatchObject({ user_id: 'jo' });
});
