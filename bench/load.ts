/**
 * The load generator: HTTP/1.1 over keep-alive connections, with requests that were made before and answers
 * of which only the status is read, so that it takes as little as possible of the cores it shares.
 *
 * Closed loop: each connection sends its next request when it has its answer. Open loop: requests are due at
 * a fixed rate whatever the answers do, and the time that counts is from when one was due, so that a stall
 * is seen by every request that it kept waiting.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const HEAD_END = Buffer.from('\r\n\r\n');

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Makes the request to send; undefined when there are no more. */
  readonly next: () => Buffer | undefined;
}

export interface Outcome {
  /** Answers by status. */
  readonly statuses: Map<number, number>;
  /** Times of the answers in milliseconds, sorted. */
  readonly times: number[];
  readonly seconds: number;
}

export async function closedLoop({ port, connections, next, seconds }: Load): Promise<Outcome> {
  const statuses = new Map<number, number>();
  const times: number[] = [];
  const all = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  const drive = async (connection: Connection) => {
    for (;;) {
      const sentAt = performance.now();
      const request = sentAt < end ? next() : undefined;
      if (request === undefined) return;
      const { status } = await connection.ask(request);
      times.push(performance.now() - sentAt);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(all.map(drive));
  const took = (performance.now() - startedAt) / 1000;
  for (const connection of all) connection.close();
  return { statuses, times: times.sort((one, other) => one - other), seconds: took };
}

/** At a fixed rate, over as many of the connections as it takes. */
export async function openLoop({
  port,
  connections,
  next,
  seconds,
  rate,
}: Load & { readonly rate: number }): Promise<Outcome> {
  const statuses = new Map<number, number>();
  const times: number[] = [];
  const idle = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const all = [...idle];
  const waiting: { readonly request: Buffer; readonly dueAt: number }[] = [];
  const startedAt = performance.now();
  const serve = async (connection: Connection, request: Buffer, dueAt: number): Promise<void> => {
    const { status } = await connection.ask(request);
    times.push(performance.now() - dueAt);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const first = waiting.shift();
    if (first === undefined) idle.push(connection);
    else await serve(connection, first.request, first.dueAt);
  };
  const total = Math.floor(rate * seconds);
  const answers: Promise<void>[] = [];
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * rate));
    for (; sent < due; sent++) {
      const request = next();
      if (request === undefined) throw new Error('there are too few requests for this rate');
      const dueAt = startedAt + (sent / rate) * 1000;
      // In turn, so that none is idle until the service closes it.
      const connection = idle.shift();
      if (connection === undefined) waiting.push({ request, dueAt });
      else answers.push(serve(connection, request, dueAt));
    }
    await delay(1);
  }
  await Promise.all(answers);
  for (const connection of all) connection.close();
  const took = (performance.now() - startedAt) / 1000;
  return { statuses, times: times.sort((one, other) => one - other), seconds: took };
}

/** How many answers had a status. */
export const okOf = ({ statuses }: Outcome, status = 200) => statuses.get(status) ?? 0;

/** The time below which a share of the answers came, in milliseconds. */
export function percentile(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
}

/** A request as bytes. */
export function post(path: string, key: string, body: unknown): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

export interface Answer {
  readonly status: number;
  /** Its headers, and what it holds, as text; read by who needs it. */
  readonly head: () => string;
  readonly body: () => string;
}

export interface Connection {
  ask(request: Buffer): Promise<Answer>;
  close(): void;
}

export async function open(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let pending: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  let held: Buffer | undefined;
  socket.on('data', (part: Buffer) => {
    const data = held === undefined ? part : Buffer.concat([held, part]);
    const answer = answerIn(data);
    held = answer === undefined ? data : undefined;
    if (answer !== undefined) pending?.resolve(answer);
  });
  socket.on('error', (error) => pending?.reject(error));
  socket.on('close', () => pending?.reject(new Error('the service closed a connection')));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        pending = { resolve, reject };
        socket.write(request);
      }),
    close: () => {
      pending = undefined;
      socket.destroy();
    },
  };
}

/** @returns undefined while it is not whole */
function answerIn(data: Buffer): Answer | undefined {
  const head = data.indexOf(HEAD_END);
  if (head === -1) return undefined;
  const text = data.toString('latin1', 0, head);
  const at = /content-length: *(\d+)/i.exec(text);
  if (data.length < head + 4 + Number(at?.[1] ?? 0)) return undefined;
  return {
    status: Number(text.slice(9, 12)),
    head: () => text,
    body: () => data.toString('utf8', head + 4),
  };
}
