/** What an operator sees of proofs: every kind, every outcome, nobody's name. */
import { startApplication, type TestApplication } from '../support/application.js';
import { makeBypass } from '../support/bypass-codes.js';
import { enrolRecoverable } from '../support/recovery-codes.js';
import { enrolKey, openForKey, SecurityKey, verifyKey } from '../support/security-key.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const verify = (code: string | undefined) => service.call('POST', '/v1/users/ada/verify', { code });

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
  const { text } = await service.call('GET', '/metrics');
  const lines = text.split('\n').filter((line) => /^watchword_(proofs|security_key)/.test(line));
  expect(lines.toSorted()).toEqual([
    'watchword_proofs_total{type="bypass_code",outcome="approved"} 1',
    'watchword_proofs_total{type="recovery_code",outcome="approved"} 2',
    'watchword_proofs_total{type="recovery_code",outcome="incorrect"} 1',
    'watchword_proofs_total{type="totp",outcome="approved"} 1',
    'watchword_proofs_total{type="totp",outcome="incorrect"} 1',
    'watchword_proofs_total{type="webauthn",outcome="approved"} 1',
    'watchword_proofs_total{type="webauthn",outcome="incorrect"} 1',
    'watchword_security_key_refusals_total{reason="origin"} 1',
  ]);
});
