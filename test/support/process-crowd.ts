/**
 * A crowd at a service that is about to die: logins, activations and guesses, and what was answered to
 * each. Afterwards the ledger says whether what was answered stayed true.
 */
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import type { Reply, ServiceProcess } from './service-process.js';

const LOGINS = 4;
const NEWCOMERS = 2;
/** One guess is left over, to be made afterwards without a lock. */
const GUESSES = 4;
const FREE_ATTEMPTS = 5;

interface Person {
  readonly userId: string;
  readonly factorId: string;
  readonly secret: Uint8Array;
  activated: boolean;
  /** The code it logs in with, the same before and after. */
  code: string;
}

export interface Crowd {
  readonly people: readonly Person[];
  readonly newcomers: readonly Person[];
  readonly guesser: Person;
  /** Wrong guesses that were answered. */
  refused: number;
}

export interface Ledger {
  /** How often each code earned a token. */
  readonly spent: Map<string, number>;
  /** What was acknowledged and is not there. */
  readonly lost: string[];
  /** Requests of the storm that ended with an answer of the flow, and those that did not. */
  answered: number;
  interrupted: number;
}

export function newLedger(): Ledger {
  return { spent: new Map(), lost: [], answered: 0, interrupted: 0 };
}

/** Enrols everybody; the newcomers are not activated yet. */
export async function gather(service: ServiceProcess, prefix: string): Promise<Crowd> {
  const names = Array.from({ length: LOGINS + NEWCOMERS + 1 }, (_, n) => `${prefix}-${n}`);
  const all = await Promise.all(names.map((name) => scan(service, name)));
  const newcomers = all.splice(0, NEWCOMERS);
  await Promise.all(all.map((person) => activate(service, person)));
  for (const person of all) person.code = codeOf(person, 1);
  const [guesser, ...people] = all;
  if (guesser === undefined) throw new Error('nobody came');
  return { people, newcomers, guesser, refused: 0 };
}

/**
 * Everything at once. After so many answers `strike` kills somebody, while the rest is under way.
 *
 * @returns when each request has ended, one way or the other
 */
export async function storm(
  service: ServiceProcess,
  crowd: Crowd,
  ledger: Ledger,
  answersBefore: number,
  strike: () => Promise<unknown> | undefined,
): Promise<void> {
  let answers = 0;
  let struck: Promise<unknown> | undefined;
  const strikeInTime = () => {
    if (answers >= answersBefore) struck ??= Promise.resolve(strike());
  };
  const tally: Tally = async (request) => {
    const reply = await request.catch(() => undefined);
    if (reply !== undefined && reply.status < 500) {
      answers++;
      ledger.answered++;
    } else ledger.interrupted++;
    strikeInTime();
    return reply;
  };
  // Two requests with one code each; cut anywhere from the first statement to the last answer.
  const logins = [...crowd.people, ...crowd.people].map((person) =>
    logIn(service, person, ledger, tally),
  );
  const activations = crowd.newcomers.map((person) => activate(service, person, tally));
  const guesses = guess(service, crowd, tally);
  // The requests are on their way by then.
  if (answersBefore === 0) setTimeout(strikeInTime, 5);
  await Promise.all([...logins, ...activations, guesses]);
  await struck;
}

/** After the restart: every code once more, every activation and every guess that was answered. */
export async function lookBack(
  service: ServiceProcess,
  { people, newcomers, guesser, refused }: Crowd,
  ledger: Ledger,
): Promise<void> {
  await Promise.all(people.map((person) => logIn(service, person, ledger)));
  for (const person of [...people, ...newcomers].filter(({ activated }) => activated)) {
    const { body } = await service.call('GET', `/v1/factors/${person.factorId}`);
    if (body.status !== 'active') ledger.lost.push(`activation of ${person.userId}`);
  }
  const { body } = await verify(service, guesser, wrongCode(guesser));
  const most = Math.max(0, FREE_ATTEMPTS - 1 - refused);
  if (body.attempts_left > most)
    ledger.lost.push(
      `${refused} guesses at ${guesser.userId}, ${body.attempts_left as number} left`,
    );
}

type Tally = (request: Promise<Reply>) => Promise<Reply | undefined>;

async function scan(service: ServiceProcess, userId: string): Promise<Person> {
  const { body } = await service.call('POST', `/v1/users/${userId}/factors`, { type: 'totp' });
  const secret = decodeSecret(body.totp.secret as string);
  return { userId, factorId: body.id as string, secret, activated: false, code: '' };
}

async function activate(
  service: ServiceProcess,
  person: Person,
  tally: Tally = (request) => request,
): Promise<void> {
  const path = `/v1/factors/${person.factorId}/activate`;
  const reply = await tally(service.call('POST', path, { code: codeOf(person, 0) }));
  person.activated = reply?.status === 200;
}

async function logIn(
  service: ServiceProcess,
  person: Person,
  { spent }: Ledger,
  tally: Tally = (request) => request,
): Promise<void> {
  const reply = await tally(verify(service, person, person.code));
  if (reply?.status !== 200) return;
  const code = `${person.userId} ${person.code}`;
  spent.set(code, (spent.get(code) ?? 0) + 1);
}

/** One guess after the other, so that each answer says how many are counted. */
async function guess(service: ServiceProcess, crowd: Crowd, tally: Tally): Promise<void> {
  for (let n = 0; n < GUESSES; n++) {
    const reply = await tally(verify(service, crowd.guesser, wrongCode(crowd.guesser)));
    if (reply?.status !== 422) return;
    crowd.refused++;
  }
}

function verify(service: ServiceProcess, { userId }: Person, code: string): Promise<Reply> {
  return service.call('POST', `/v1/users/${userId}/verify`, { code });
}

function codeOf({ secret }: Person, steps: number): string {
  return totp(secret, stepAt(new Date(), 30) + steps, defaultTotpParameters);
}

function wrongCode(person: Person): string {
  const near = new Set([-2, -1, 0, 1, 2, 3].map((steps) => codeOf(person, steps)));
  return ['111111', '222222', '333333', '444444', '555555', '666666', '777777'].find(
    (code) => !near.has(code),
  ) as string;
}
