/** What may be confirmed by a code: any JSON object that is text, and not too much of it. */
import { startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const confirm = (transaction: unknown) =>
  service.call('POST', '/v1/challenges', { user_id: 'tom', type: 'totp', transaction });

it.each([
  ['more than 4 KiB', { a: 'x'.repeat(4096) }],
  ['more than 4 KiB of UTF-8', { a: '漢'.repeat(1500) }],
  ['NUL', { a: '\u0000' }],
  ['half a character', { a: ['\ud800'] }],
  ['half a character as a name', { '\udfff': 1 }],
  ['a list', [1]],
  ['a text', 'pay'],
  ['null', null],
])('S120: %s is refused by name', async (_what, transaction) => {
  const { status, body } = await confirm(transaction);
  expect([status, body.code]).toEqual([400, 'invalid_request']);
  expect(body.errors[0].path).toMatch(/^transaction/);
});

it.each([
  {},
  { amount: 12.5, to: 'Zoë 🙂', nested: [{ a: null }, true] },
  { note: 'a backslash \\u0000 and \\ud800 as they are typed' },
  { 'name with \\"quotes\\"': '\\' },
])('%j comes back as it was given', async (transaction) => {
  const { status, body } = await confirm(transaction);
  expect([status, body.transaction]).toEqual([201, transaction]);
  const { body: shown } = await service.call('GET', `/v1/challenges/${body.id as string}`);
  expect(shown.transaction).toEqual(transaction);
});
