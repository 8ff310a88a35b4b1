/**
 * Somebody who knows no more than a user's name types wrong codes until the user is locked out, and goes on for
 * as long as it takes: the owner has a recovery code.
 */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrolRecoverable } from '../support/recovery-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const verify = (code: string | undefined) => service.call('POST', '/v1/users/ada/verify', { code });
const codeOf = ({ body }: { body: { code: string } }) => body.code;

it('S38, S69: locked out of apps and tokens, a recovery code gets its owner in', async () => {
  const { app, codes } = await enrolRecoverable(service, 'ada');
  for (let day = 0; day < 5; day++) {
    service.clock.advance(86_400);
    for (let guess = 0; guess < 6; guess++) await verify(`00000${guess}`);
    expect(codeOf(await verify(app.code()))).toBe('locked');
    expect((await verify(codes[day])).status).toBe(200);
  }
});

it('S38: and who types wrong recovery codes locks nobody out of an app', async () => {
  service.clock.advance(86_400);
  const { app, codes } = await enrolRecoverable(service, 'bob');
  service.clock.advance(60);
  const own = (code: string | undefined) => service.call('POST', '/v1/users/bob/verify', { code });
  for (let guess = 0; guess < 6; guess++) await own(`0000-0000-0000-000${guess}`);
  expect(codeOf(await own(codes[0]))).toBe('locked');
  expect((await own(app.code())).status).toBe(200);
});
