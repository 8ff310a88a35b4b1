/**
 * A refresh token was copied: from a backup of a phone, from a log. Thief and owner both use it, and whoever
 * comes second shows that there are two. The family has to die, at once and for good; and nobody may bring
 * that about who merely knows the session's id.
 */
import { Database } from '../../src/storage/database.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { begin, introspect, refresh } from '../support/sessions.js';

let service: TestApplication;
let app: Authenticator;

beforeAll(async () => {
  service = await startApplication();
  app = await enrol(service, 'victim');
});
afterAll(() => service.close());

async function rotated(times: number): Promise<{ tokens: string[]; access: string; id: string }> {
  const { body } = await begin(service, app);
  const tokens = [body.refresh_token as string];
  let access = body.access_token as string;
  for (let n = 0; n < times; n++) {
    service.clock.advance(60);
    const answer = await refresh(service, tokens.at(-1) ?? '');
    tokens.push(answer.body.refresh_token as string);
    access = answer.body.access_token as string;
  }
  return { tokens, access, id: body.session_id as string };
}

it.each([0, 1, 2, 3])('S91: token %i of five, used again, ends the family', async (used) => {
  const { tokens, access, id } = await rotated(4);
  service.clock.advance(11);
  expect((await introspect(service, access)).body.active).toBe(true);
  const answer = await refresh(service, tokens[used] ?? '');
  expect([answer.status, answer.body.code]).toEqual([400, 'refresh_token_invalid']);
  // Thief and owner alike, with the newest too, and with the access token that is out.
  for (const token of tokens) expect((await refresh(service, token)).status).toBe(400);
  expect((await introspect(service, access)).body).toEqual({ active: false });
  const { data } = (await service.call('GET', `/v1/audit?user_id=victim`)).body;
  const end = data.filter(
    ({ type, detail }: { type: string; detail: { session_id: string } }) =>
      type === 'session.ended' && detail.session_id === id,
  );
  expect(end).toHaveLength(1);
  expect(end[0].detail.reason).toBe('token_reused');
});

it('S92: within the grace the immediate predecessor alone is forgiven', async () => {
  const { tokens } = await rotated(2);
  const [oldest = '', previous = '', newest = ''] = tokens;
  service.clock.advance(9);
  expect((await refresh(service, previous)).body.refresh_token).toBe(newest);
  service.clock.advance(1);
  const { tokens: others } = await rotated(2);
  expect((await refresh(service, others[0] ?? '')).status).toBe(400);
  expect((await refresh(service, others[2] ?? '')).status).toBe(400);
  // And not for longer than that.
  expect((await refresh(service, previous)).status).toBe(400);
  expect((await refresh(service, newest)).status).toBe(400);
  expect((await refresh(service, oldest)).status).toBe(400);
});

it('two uses of an old token at once end the family once', async () => {
  const { tokens, id } = await rotated(3);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => refresh(service, tokens[n % 2] ?? '')),
  );
  expect(answers.every(({ status }) => status === 400)).toBe(true);
  expect((await refresh(service, tokens[3] ?? '')).status).toBe(400);
  const { data } = (await service.call('GET', `/v1/audit?user_id=victim`)).body;
  const ends = data.filter(
    ({ type, detail }: { type: string; detail: { session_id: string } }) =>
      type === 'session.ended' && detail.session_id === id,
  );
  expect(ends).toHaveLength(1);
});

it('S41: who knows the id of a session, and no token, cannot end it', async () => {
  const { tokens, id } = await rotated(2);
  const newest = tokens[2] ?? '';
  const suffix = id.slice(4);
  const made = [
    `wwr_${suffix}${'A'.repeat(65)}`,
    `wwr_${suffix}${newest.slice(30, 73)}${'A'.repeat(22)}`,
    `wwr_${suffix}${'A'.repeat(43)}${newest.slice(73)}`,
    `${newest.slice(0, -1)}${newest.endsWith('A') ? 'Q' : 'A'}`,
    newest.toUpperCase(),
    `${newest}A`,
    newest.slice(4),
  ];
  for (const token of made) expect((await refresh(service, token)).status).toBe(400);
  // A token of another session under this one's id.
  const other = (await rotated(0)).tokens[0] ?? '';
  expect((await refresh(service, `wwr_${suffix}${other.slice(30)}`)).status).toBe(400);
  service.clock.advance(60);
  expect((await refresh(service, newest)).status).toBe(200);
});

it('S105: another application’s token is an unknown one, and lives on', async () => {
  const { key } = await service.register(service.first.application.realmName, 'neighbour');
  const { tokens } = await rotated(1);
  const [old = '', newest = ''] = tokens;
  service.clock.advance(60);
  for (const token of tokens) {
    expect((await refresh(service, token, { key })).body.code).toBe('refresh_token_invalid');
    expect((await introspect(service, token, { key })).body).toEqual({ active: false });
    const revoked = await service.call('POST', '/v1/tokens/revoke', { token }, { key });
    expect(revoked.status).toBe(204);
  }
  expect((await refresh(service, newest)).status).toBe(200);
  expect((await refresh(service, old)).status).toBe(400);
});

it('S113, S114: no token stands in the database or in the log', async () => {
  const { tokens } = await rotated(2);
  const rows = await service.app.get(Database).kysely.selectFrom('sessions').selectAll().execute();
  const written = JSON.stringify(rows) + JSON.stringify(service.logged);
  expect(rows.length).toBeGreaterThan(0);
  for (const token of tokens) {
    expect(written).not.toContain(token);
    expect(written).not.toContain(token.slice(30, 73));
    expect(rows.some(({ refresh_hash }) => Buffer.from(refresh_hash ?? []).includes(token))).toBe(
      false,
    );
  }
});
