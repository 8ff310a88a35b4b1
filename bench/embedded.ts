/** The embedded database, in the service's own process: everybody is enrolled by the API, for nobody else gets in. */
import type { Book } from './book.js';
import { closedLoop, open, post, type Connection } from './load.js';
import { CONNECTIONS } from './logins.js';
import { KEY, startWatchword } from './service.js';
import { codeNow, secretText } from './people.js';

export async function measureEmbedded(
  book: Book,
  port: number,
  users: number,
  rounds: number,
  seconds: number,
): Promise<void> {
  const service = await startWatchword(port, {});
  let enrolled = 0;
  const drive = async () => {
    const connection = await open(port);
    while (enrolled < users) await enrol(connection, `user-${(enrolled += 1)}`);
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, drive));
  let turn = 0;
  for (let round = 0; round < rounds; round++) {
    const codes = [codeNow(), codeNow(1)];
    // Who has come once comes with the next step's code, which is good already.
    const next = () => {
      const code = codes[Math.floor(turn / users)];
      if (code === undefined) return undefined;
      return post(`/v1/users/user-${(turn++ % users) + 1}/verify`, KEY, { code });
    };
    const outcome = await closedLoop({ port, connections: CONNECTIONS, next, seconds });
    book.note(
      'logins, one process, embedded PGlite',
      'a second',
      (outcome.statuses.get(200) ?? 0) / outcome.seconds,
    );
  }
  await service.stop();
}

async function enrol(connection: Connection, userId: string): Promise<void> {
  const begun = await connection.ask(
    post(`/v1/users/${userId}/factors`, KEY, { type: 'totp', secret: secretText }),
  );
  const { id } = JSON.parse(begun.body()) as { id: string };
  // The oldest code that is good, so that newer ones are left to log in with; a step may end just now.
  const activate = () =>
    connection.ask(post(`/v1/factors/${id}/activate`, KEY, { code: codeNow(-1) }));
  const first = await activate();
  const { status, body } = first.status === 200 ? first : await activate();
  if (status !== 200) throw new Error(body());
}
