/** `watchword keys` beside two replicas: what an operator does to the keys that sign, and who notices. */
import { decodeProtectedHeader } from 'jose';
import { populate, type Citizen } from '../support/population.js';
import {
  installation,
  runWatchword,
  startProcess,
  until,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

interface ListedKey {
  readonly kid: string;
  readonly state: string;
}

let environment: Environment;
let replicas: ServiceProcess[];
let citizens: Citizen[];

beforeAll(async () => {
  environment = await installation();
  replicas = await Promise.all([startProcess(environment), startProcess(environment)]);
  const { WATCHWORD_DATABASE_URL: url = '', WATCHWORD_ENCRYPTION_KEYS: keys = '' } = environment;
  citizens = await populate(url, keys, 1500);
}, 60_000);
afterAll(() => Promise.all(replicas.map((replica) => replica.end('SIGTERM'))));

const list = () => watchwordJson<ListedKey[]>(environment, 'keys', 'list');
/** Which key signs on a replica now: by a login of somebody who has not logged in yet. */
async function signerOf(replica: ServiceProcess): Promise<string | undefined> {
  const citizen = citizens.pop();
  const path = `/v1/users/${citizen?.userId ?? ''}/verify`;
  const { body } = await replica.call('POST', path, { code: citizen?.code() });
  return decodeProtectedHeader(body.access_token as string).kid;
}
const publishedBy = async (replica: ServiceProcess) => {
  const { body } = await replica.call('GET', '/.well-known/jwks.json');
  return (body.keys as { kid: string }[]).map(({ kid }) => kid);
};

it('lists, rotates and revokes the keys that sign; every replica notices by itself', async () => {
  const [first, ...others] = await list();
  expect([first?.state, others]).toEqual(['active', []]);

  const { kid } = await watchwordJson<{ kid: string }>(environment, 'keys', 'rotate');
  expect((await list()).map((key) => [key.kid, key.state])).toEqual([
    [kid, 'pending'],
    [first?.kid, 'active'],
  ]);
  const twice = await runWatchword(environment, 'keys', 'rotate');
  expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('watchword keys list')]);
  for (const replica of replicas) {
    await until(async () => (await publishedBy(replica)).includes(kid), 15_000);
    expect(await signerOf(replica)).toBe(first?.kid);
  }

  const { code, stdout } = await runWatchword(environment, 'keys', 'revoke', first?.kid ?? '');
  expect([code, stdout]).toEqual([0, expect.stringMatching(new RegExp(`signsNow +${kid}`))]);
  expect(stdout).toMatch(/within 15 s.*300 s/);
  for (const replica of replicas) {
    // Nobody asks it about a key: it reads them by itself.
    await until(async () => (await signerOf(replica)) === kid, 15_000);
    expect(await publishedBy(replica)).toEqual([kid]);
  }
  expect((await list()).map((key) => [key.kid, key.state])).toEqual([
    [kid, 'active'],
    [first?.kid, 'gone'],
  ]);
  const again = await runWatchword(environment, 'keys', 'revoke', first?.kid ?? '');
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('watchword keys list')]);
}, 90_000);
