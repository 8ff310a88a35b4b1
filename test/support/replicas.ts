/** Two of the application on one PostgreSQL, with the same keys and the same clock. */
import { postgresDriver } from '../../src/storage/postgres.js';
import { freshPostgresUrl, startApplication, type TestApplication } from './application.js';

export interface Replicas {
  readonly both: readonly [TestApplication, TestApplication];
  /** The one whose turn it is. */
  on(turn: number): TestApplication;
  /** Posts in turn, with the first one's key where no other is given. */
  post(turn: number, path: string, body: object, key?: string): ReturnType<TestApplication['call']>;
  close(): Promise<void>;
}

export async function startReplicas(environment: Record<string, string> = {}): Promise<Replicas> {
  const url = await freshPostgresUrl();
  const driver = () => postgresDriver({ url, connections: 10 });
  const first = await startApplication({ driver: driver(), environment });
  const { clock, keyring } = first;
  const second = await startApplication({ driver: driver(), environment, clock, keyring });
  const on = (turn: number) => (turn % 2 === 0 ? first : second);
  return {
    both: [first, second],
    on,
    post: (turn, path, body, key = first.first.key) => on(turn).call('POST', path, body, { key }),
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
