/**
 * The process is killed again and again, at any moment of a crowd of logins. What was answered must stay
 * true: a code that earned a token earns no second one, and a factor that was activated is there.
 *
 * Each round starts the service anew, so there are as many as a suite can afford; KILL_ROUNDS=50 for more.
 */
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import { startPostgres, type Postgres } from '../support/postgres.js';
import { installation, startProcess, type ServiceProcess } from '../support/service-process.js';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 12);
const USERS = 4;
const isEmbedded = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite';

interface Person {
  readonly userId: string;
  readonly factorId: string;
  readonly secret: Uint8Array;
  activated: boolean;
  /** The code it logs in with, the same before and after the kill. */
  code?: string;
}

const codeOf = ({ secret }: Person, steps = 0) =>
  totp(secret, stepAt(new Date(), 30) + steps, defaultTotpParameters);

let postgres: Postgres | undefined;
afterAll(() => postgres?.stop());

it('S125: kill -9 at any moment: no code twice, nothing acknowledged lost', async () => {
  if (!isEmbedded) postgres = await startPostgres({ durable: true });
  const environment = await installation(postgres?.url);
  const spent = new Map<string, number>();
  const lost: string[] = [];
  let before: Person[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const service = await startProcess(environment);
    await lookBack(service, before, spent, lost);
    if (round === ROUNDS) {
      await service.end('SIGTERM');
      break;
    }
    const people = await Promise.all(
      Array.from({ length: USERS }, (_, n) => enrol(service, `round-${round}-${n}`)),
    );
    // Two requests with one code each; killed anywhere from the first statement to the last answer.
    const logins = [...people, ...people].map((person) => attempt(service, person, 1));
    setTimeout(() => service.child.kill('SIGKILL'), (round * 37) % 90);
    for (const code of await Promise.all(logins)) if (code) count(spent, code);
    await service.end('SIGKILL');
    before = people;
  }
  expect([...spent.values()].filter((times) => times > 1)).toEqual([]);
  expect(lost).toEqual([]);
  expect(spent.size).toBeGreaterThan(USERS);
}, 900_000);

/** After the restart: the codes of before once more, and the factors of before. */
async function lookBack(
  service: ServiceProcess,
  people: readonly Person[],
  spent: Map<string, number>,
  lost: string[],
): Promise<void> {
  const codes = await Promise.all(people.map((person) => attempt(service, person, 1)));
  for (const code of codes) if (code) count(spent, code);
  const activated = people.filter((person) => person.activated);
  const factors = await Promise.all(
    activated.map(({ factorId }) => service.call('GET', `/v1/factors/${factorId}`)),
  );
  factors.forEach(({ body }, n) => {
    if (body.status !== 'active') lost.push(activated[n]?.factorId ?? '');
  });
}

async function enrol(service: ServiceProcess, userId: string): Promise<Person> {
  const { body } = await service.call('POST', `/v1/users/${userId}/factors`, { type: 'totp' });
  const secret = decodeSecret(body.totp.secret as string);
  const person: Person = { userId, factorId: body.id as string, secret, activated: false };
  const path = `/v1/factors/${person.factorId}/activate`;
  const answer = await service.call('POST', path, { code: codeOf(person) });
  person.activated = answer.status === 200;
  return person;
}

/** @returns user and code where they earned a token; undefined for a refusal or no answer */
async function attempt(service: ServiceProcess, person: Person, steps: number) {
  person.code ??= codeOf(person, steps);
  const { code } = person;
  try {
    const { status } = await service.call('POST', `/v1/users/${person.userId}/verify`, { code });
    return status === 200 ? `${person.userId} ${code}` : undefined;
  } catch {
    return undefined;
  }
}

function count(spent: Map<string, number>, code: string): void {
  spent.set(code, (spent.get(code) ?? 0) + 1);
}
