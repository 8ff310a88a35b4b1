/**
 * The attack: a page between the user and us (a phishing site, a frame on another site, malware in the browser)
 * changes one thing of what the browser and the key say, and hands on the rest; or a key that is no honest one
 * says something else about itself. Each part that is wrong is refused by itself (S71 to S75).
 */
import { generateKeyPairSync } from 'node:crypto';
import { RelyingParties } from '../../src/applications/relying-parties.js';
import type { CreationOptions } from '../../src/factors/key-response.js';
import { startApplication, type TestApplication } from '../support/application.js';
import {
  beginKey,
  enrolKey,
  openForKey,
  SecurityKey,
  verifyKey,
  type Lies,
} from '../support/security-key.js';

let service: TestApplication;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
  const { realmId } = service.first.application;
  await service.app.get(RelyingParties).update(realmId, { webauthnUserVerification: 'required' });
});
afterAll(() => service.close());

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const otherChallenge = Buffer.alloc(32, 7).toString('base64url');

const both: [string, Lies, string][] = [
  ['a ceremony of the other kind', { type: 'webauthn.payment' }, 'type'],
  ['a challenge of its own', { challenge: otherChallenge }, 'challenge'],
  ['no challenge', { challenge: '' }, 'challenge'],
  ['a look-alike', { origin: 'https://mfa.example.evil.test' }, 'origin'],
  ['another port', { origin: 'https://mfa.example:444' }, 'origin'],
  ['plain HTTP', { origin: 'http://mfa.example' }, 'origin'],
  ['a frame on another site', { client: { crossOrigin: true } }, 'cross_origin'],
  [
    'a frame, by the site around it',
    { client: { topOrigin: 'https://evil.test' } },
    'cross_origin',
  ],
  ['a key for another domain', { rpId: 'evil.test' }, 'rp_id'],
  ['nobody at the key', { present: false }, 'user_presence'],
  ['nobody known to the key', { verified: false }, 'user_verification'],
];

describe('S72 to S74: a key in use', () => {
  it.each<[string, Lies, string]>([
    ...both,
    ['a ceremony that makes a key', { type: 'webauthn.create' }, 'type'],
    ['the signature of another key', { signer: otherKey }, 'signature'],
    ['another user’s handle', { userHandle: otherChallenge }, 'user_handle'],
    ['a key that could not be copied before', { eligible: true }, 'backup_eligibility'],
    ['a counter that stands still', { counter: 1 }, 'counter'],
    ['a counter that went back to nought', { counter: 0 }, 'counter'],
  ])('%s is refused', async (_what, lies, reason) => {
    const userId = `user-${++users}`;
    const key = new SecurityKey({ verifies: true });
    await enrolKey(service, userId, key);
    const { id, options } = await openForKey(service, userId);
    const refused = await verifyKey(service, id, key.get(options, lies));
    expect(refused.body).toMatchObject({ status: 422, code: 'security_key_refused', reason });
    // Charged, and the challenge stays good for who is honest.
    expect(refused.body.attempts_left).toBe(4);
    expect((await verifyKey(service, id, key.get(options))).status).toBe(200);
  });

  it('whatever was signed is changed afterwards: refused', async () => {
    const key = new SecurityKey({ verifies: true });
    await enrolKey(service, 'nan', key);
    const { id, options } = await openForKey(service, 'nan');
    const honest = key.get(options);
    const { response } = honest;
    const data = Buffer.from(response.authenticatorData, 'base64url');
    data.writeUInt32BE(4_000_000_000, 33);
    const signature = Buffer.from(response.signature, 'base64url');
    signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    const client = Buffer.from(response.clientDataJSON, 'base64url').toString();
    const changed = [
      { authenticatorData: data.toString('base64url') },
      { signature: signature.toString('base64url') },
      { clientDataJSON: Buffer.from(`${client} `).toString('base64url') },
    ];
    for (const part of changed) {
      const answer = { ...honest, response: { ...response, ...part } };
      const refused = await verifyKey(service, id, answer);
      expect(refused.body).toMatchObject({ code: 'security_key_refused', reason: 'signature' });
    }
    expect((await verifyKey(service, id, honest)).status).toBe(200);
  });

  it.each<[string, Record<string, unknown> & { response?: object }]>([
    ['no answer', {}],
    ['an id that is none', { id: '"><', rawId: '"><' }],
    ['two ids', { rawId: 'AAAA' }],
    ['rubbish for the browser’s part', { response: { clientDataJSON: 'AAAA' } }],
    ['rubbish for the key’s part', { response: { authenticatorData: 'AAAA' } }],
  ])('%s is no answer', async (_what, part) => {
    const key = new SecurityKey({ verifies: true });
    const userId = `user-${++users}`;
    await enrolKey(service, userId, key);
    const { id, options } = await openForKey(service, userId);
    const honest = key.get(options);
    const answer = { ...honest, ...part, response: { ...honest.response, ...part.response } };
    const body = _what === 'no answer' ? {} : answer;
    const { status } = await verifyKey(service, id, body as typeof honest);
    expect([400, 422]).toContain(status);
  });
});

describe('S71, S75: a key that is made', () => {
  const attempt = async (key: SecurityKey, lies: Lies) => {
    const { body } = await beginKey(service, `user-${++users}`);
    const response = await key.create(body.webauthn.options as CreationOptions, lies);
    return service.call('POST', `/v1/factors/${body.id as string}/activate`, { response });
  };

  it.each<[string, Lies, string]>([
    ...both,
    ['a ceremony that uses a key', { type: 'webauthn.get' }, 'type'],
  ])('%s is refused', async (_what, lies, reason) => {
    const refused = await attempt(new SecurityKey({ verifies: true }), lies);
    const expected = { status: 422, code: 'security_key_refused', reason, attempts_left: 9 };
    expect(refused.body).toMatchObject(expected);
  });

  it('an algorithm that was not asked for is refused', async () => {
    const key = new SecurityKey({ verifies: true, algorithm: 'ES384' });
    expect((await attempt(key, {})).body).toMatchObject({ reason: 'algorithm' });
  });

  it('an id that is not the key’s own is refused', async () => {
    const { body } = await beginKey(service, `user-${++users}`);
    const response = await new SecurityKey({ verifies: true }).create(body.webauthn.options);
    const id = new SecurityKey().credentialId;
    const answer = { ...response, id, rawId: id };
    const path = `/v1/factors/${body.id as string}/activate`;
    const refused = await service.call('POST', path, { response: answer });
    expect(refused.body).toMatchObject({ reason: 'credential' });
  });
});
