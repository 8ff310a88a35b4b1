/**
 * Codes to a phone: a challenge is opened, its message comes to a vendor's address in this process by the
 * webhook provider, and the code in it is typed in.
 */
import { createServer } from 'node:http';
import pg from 'pg';
import type { Book } from './book.js';
import { open, post, type Connection } from './load.js';
import { CONNECTIONS } from './logins.js';
import { pgbench, phoneCounters, phonePair } from './pgbench.js';
import { KEY, startWatchword, type Program } from './service.js';

/** A number gets five messages in ten minutes: one to enrol, and four more. */
const SENDS_EACH = 4;

/** What the shield would stop, which is not what is measured. */
const unlimited = {
  WATCHWORD_SMS_PROVIDERS: 'webhook',
  WATCHWORD_SMS_COUNTRIES: 'DE',
  WATCHWORD_SMS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 'a vendor').toString('base64')}`,
  WATCHWORD_SMS_REALM_DAILY_MESSAGES: '100000000',
  WATCHWORD_SMS_REALM_DAILY_SPEND: '100000000',
  WATCHWORD_SMS_DAILY_MESSAGES: '100000000',
  WATCHWORD_SMS_DAILY_SPEND: '100000000',
  WATCHWORD_SMS_PER_NUMBER: '1000',
  WATCHWORD_SMS_PER_USER: '1000',
  WATCHWORD_SMS_PER_PREFIX: '100000',
  WATCHWORD_SMS_PER_APPLICATION: '10000000',
  WATCHWORD_SMS_UNVERIFIED_PER_PREFIX: '100000',
};

/** Takes messages as a vendor would, and hands their codes on by number. */
class Vendor {
  private readonly codes = new Map<string, string>();
  private readonly waiting = new Map<string, (code: string) => void>();
  private readonly server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { to, code } = JSON.parse(body) as { to: string; code: string };
      response.end('{"id":"x"}');
      const taker = this.waiting.get(to);
      this.waiting.delete(to);
      if (taker === undefined) this.codes.set(to, code);
      else taker(code);
    });
  });

  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${port}/messages`;
  }

  codeFor(number: string): Promise<string> {
    const code = this.codes.get(number);
    this.codes.delete(number);
    if (code !== undefined) return Promise.resolve(code);
    return new Promise((resolve) => this.waiting.set(number, resolve));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export interface PhoneBench {
  /** One round of pgbench and of the service. */
  round(book: Book, seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a service of its own and enrols the phones of `callers` users. */
export async function startPhoneBench(
  url: string,
  copy: string,
  realmId: string,
  port: number,
  callers: number,
): Promise<PhoneBench> {
  const vendor = new Vendor();
  const webhook = await vendor.listen(port + 1);
  const service = await startWatchword(port, {
    WATCHWORD_DATABASE_URL: url,
    WATCHWORD_SMS_WEBHOOK_URL: webhook,
    ...unlimited,
  });
  await atOnce(service, callers, (connection, n) => enrol(vendor, connection, n));
  await query(url, 'VACUUM ANALYZE');
  await query(copy, phoneCounters(realmId, callers));
  await query(copy, addCallers(realmId, callers));
  await query(copy, 'VACUUM ANALYZE');
  let turn = 0;
  return {
    async round(book, seconds) {
      const alone = pgbench(copy, phonePair(realmId, callers), seconds);
      book.note('pgbench: all that a code by SMS writes', 'a second', alone);
      const startedAt = performance.now();
      const cpu = service.cpuSeconds();
      const end = startedAt + seconds * 1000;
      let pairs = 0;
      await atOnce(service, Math.min(callers * SENDS_EACH - turn, 1e6), async (connection) => {
        if (performance.now() >= end) return false;
        await challengeAndVerify(vendor, connection, (turn++ % callers) + 1);
        pairs += 1;
        return true;
      });
      const took = (performance.now() - startedAt) / 1000;
      book.note('codes by SMS, sent and verified', 'a second', pairs / took);
      book.note('its CPU by SMS', 'us a code', ((service.cpuSeconds() - cpu) * 1e6) / pairs);
    },
    async stop() {
      await service.stop();
      vendor.close();
    },
  };
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(text);
  await client.end();
}

/** The callers in the copy, which the service does not know. */
const addCallers = (realmId: string, callers: number) => `
  INSERT INTO users (realm_id, user_id, created_at)
  SELECT '${realmId}', 'caller-' || n, now() FROM generate_series(1, ${callers}) n;
  INSERT INTO factors (id, realm_id, user_id, application_id, type, status, name, secret, parameters, last_step, created_at)
  SELECT 'fac_phone' || n, '${realmId}', 'caller-' || n, 'app', 'phone', 'active', 'phone', repeat('x', 60)::bytea, '{}', 0, now()
  FROM generate_series(1, ${callers}) n`;

const numberOf = (n: number) => `+49151${String(10_000_000 + n)}`;

async function enrol(vendor: Vendor, connection: Connection, n: number): Promise<true> {
  const begun = await ask(connection, 201, `/v1/users/caller-${n}/factors`, {
    type: 'phone',
    phone: numberOf(n),
  });
  const code = await vendor.codeFor(numberOf(n));
  await ask(connection, 200, `/v1/factors/${begun.id}/activate`, { code });
  return true;
}

async function challengeAndVerify(vendor: Vendor, connection: Connection, n: number) {
  const body = { type: 'phone', user_id: `caller-${n}`, purpose: 'login' };
  const { id } = await ask(connection, 201, '/v1/challenges', body);
  const code = await vendor.codeFor(numberOf(n));
  await ask(connection, 200, `/v1/challenges/${id}/verify`, { code });
}

async function ask(connection: Connection, expected: number, path: string, request: unknown) {
  const { status, body } = await connection.ask(post(path, KEY, request));
  if (status !== expected) throw new Error(`${path} answered ${status}: ${body()}`);
  return JSON.parse(body()) as { id: string };
}

/** Does `count` things over as many connections as every load has, until one of them says false. */
async function atOnce(
  { port }: Program,
  count: number,
  work: (connection: Connection, n: number) => Promise<boolean>,
): Promise<void> {
  let begun = 0;
  const drive = async () => {
    const connection = await open(port);
    while (begun < count && (await work(connection, (begun += 1))));
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, drive));
}
