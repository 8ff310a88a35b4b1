/** What an operator sees of proofs and of what comes before them: every kind, every outcome, nobody's name. */
import { CONSECUTIVE_LIMIT } from '../../src/challenges/lockout.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';
import { makeBypass } from '../support/bypass-codes.js';
import { codeAt, enrolPhone, openLogin, phoneBook, verify as answer } from '../support/phones.js';
import { enrolRecoverable } from '../support/recovery-codes.js';
import { beginKey, enrolKey, openForKey, SecurityKey, verifyKey } from '../support/security-key.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const nextNumber = phoneBook('302');
const verify = (code: string | undefined) => service.call('POST', '/v1/users/ada/verify', { code });

async function figures(names: RegExp): Promise<string[]> {
  const { text } = await service.call('GET', '/metrics');
  return text
    .split('\n')
    .filter((line) => names.test(line))
    .toSorted();
}

it('counts proofs by type and outcome, and keys’ refusals by what was wrong', async () => {
  const { app, codes } = await enrolRecoverable(service, 'ada');
  service.clock.advance(60);
  const right = app.code();
  await verify(right);
  await verify(right);
  for (const code of [codes[0], codes[0], codes[1]]) await verify(code);
  await verify((await makeBypass(service, 'ada')).code);
  const key = new SecurityKey();
  await enrolKey(service, 'ada', key);
  for (const lies of [{}, { origin: 'https://mfa.example.evil' }]) {
    const { id, options } = await openForKey(service, 'ada');
    await verifyKey(service, id, key.get(options, lies));
  }
  expect(await figures(/^watchword_(proofs|security_key|recovery)/)).toEqual([
    'watchword_proofs_total{type="bypass_code",outcome="approved"} 1',
    'watchword_proofs_total{type="recovery_code",outcome="approved"} 2',
    'watchword_proofs_total{type="recovery_code",outcome="incorrect"} 1',
    'watchword_proofs_total{type="totp",outcome="approved"} 1',
    'watchword_proofs_total{type="totp",outcome="incorrect"} 1',
    'watchword_proofs_total{type="webauthn",outcome="approved"} 1',
    'watchword_proofs_total{type="webauthn",outcome="incorrect"} 1',
    'watchword_recovery_codes_used_total{left="8"} 1',
    'watchword_recovery_codes_used_total{left="9"} 1',
    'watchword_security_key_refusals_total{reason="origin"} 1',
  ]);
});

it('counts enrolments by type and step, and what was wrong with new keys', async () => {
  await enrolPhone(service, 'bea', nextNumber());
  const number = nextNumber();
  const login = await openLogin(service, number);
  expect((await answer(service, login, await codeAt(service, number))).status).toBe(200);
  const app = await enrol(service, 'cy');
  const { body } = await beginKey(service, 'cy');
  const [id, { options }] = [body.id as string, body.webauthn];
  const forged = await new SecurityKey().create(options, { origin: 'https://mfa.example.evil' });
  const refused = await service.call('POST', `/v1/factors/${id}/activate`, { response: forged });
  expect(refused.body.reason).toBe('origin');
  const mistyped = await scan(service, 'cy');
  const path = `/v1/factors/${mistyped.factorId}/activate`;
  expect((await service.call('POST', path, { code: wrongCode(app) })).status).toBe(422);
  // Those of the test before among them.
  expect(await figures(/^watchword_(enrolments|security_key)/)).toEqual([
    'watchword_enrolments_total{type="phone",step="activated"} 2',
    'watchword_enrolments_total{type="phone",step="begun"} 1',
    'watchword_enrolments_total{type="recovery_code",step="activated"} 1',
    'watchword_enrolments_total{type="totp",step="activated"} 2',
    'watchword_enrolments_total{type="totp",step="begun"} 3',
    'watchword_enrolments_total{type="totp",step="refused"} 1',
    'watchword_enrolments_total{type="webauthn",step="activated"} 1',
    'watchword_enrolments_total{type="webauthn",step="begun"} 2',
    'watchword_enrolments_total{type="webauthn",step="refused"} 1',
    'watchword_security_key_refusals_total{reason="origin"} 2',
  ]);
});

it('counts a lock when it begins, and whether it ends by itself', async () => {
  const { app, codes } = await enrolRecoverable(service, 'dot');
  const own = (code: string | undefined) => service.call('POST', '/v1/users/dot/verify', { code });
  service.clock.advance(60);
  for (let guess = 0; guess < 7; guess++) await own(wrongCode(app));
  for (let guess = 0; guess < 5; guess++) await own(`0000-0000-0000-000${guess}`);
  expect((await own(codes[0])).body.code).toBe('locked');
  await service.database.kysely
    .updateTable('attempt_budgets')
    .set({ consecutive: CONSECUTIVE_LIMIT - 1, locked_until: null })
    .where('user_id', '=', 'dot')
    .where('kind', '=', 'totp')
    .execute();
  await own(wrongCode(app));
  expect(await figures(/^watchword_lockouts/)).toEqual([
    'watchword_lockouts_total{type="recovery_code",until="time"} 1',
    'watchword_lockouts_total{type="totp",until="operator"} 1',
    'watchword_lockouts_total{type="totp",until="time"} 1',
  ]);
});
