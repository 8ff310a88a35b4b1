/** Enrolments of authenticator apps, alone and beside logins. */
import type { Book } from './book.js';
import { okOf, post } from './load.js';
import { latencyAt, load, type Logins } from './logins.js';
import { KEY, type Program } from './service.js';

const BESIDE_A_SECOND = 50;

export async function measureEnrolments(
  book: Book,
  service: Program,
  logins: Logins,
  rate: number,
  seconds: number,
): Promise<void> {
  let newcomer = 0;
  const next = () => post(`/v1/users/new-${(newcomer += 1)}/factors`, KEY, { type: 'totp' });
  await load(service, next, seconds);
  const outcome = await load(service, next, seconds);
  book.note('enrolments with SVG', 'a second', okOf(outcome, 201) / outcome.seconds);
  const quiet = await latencyAt(service, logins.right, rate, seconds);
  const beside = enrolWithPng(service, () => `beside-${(newcomer += 1)}`);
  const busy = await latencyAt(service, logins.right, rate, seconds);
  await beside.stop();
  book.note(`p99 of logins, ${Math.round(rate)} a second, quiet`, 'ms', quiet);
  book.note(`p99 of them beside ${BESIDE_A_SECOND} enrolments with PNG`, 'ms', busy);
  book.note('the one by the other', 'times', busy / quiet);
}

function enrolWithPng({ port }: Program, nextUser: () => string) {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const base = `http://127.0.0.1:${port}/v1`;
  const enrolOne = async () => {
    const body = '{"type":"totp"}';
    const begun = await fetch(`${base}/users/${nextUser()}/factors`, {
      method: 'POST',
      headers,
      body,
    });
    const { id } = (await begun.json()) as { id: string };
    const png = await fetch(`${base}/factors/${id}/qr.png`, { headers });
    if (!png.ok) throw new Error(`the PNG was refused with ${png.status}`);
    await png.arrayBuffer();
  };
  const under: Promise<void>[] = [];
  const ticking = setInterval(() => under.push(enrolOne()), 1000 / BESIDE_A_SECOND);
  return {
    async stop() {
      clearInterval(ticking);
      await Promise.all(under);
    },
  };
}
