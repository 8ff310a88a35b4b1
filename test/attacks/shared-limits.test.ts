/**
 * A crowd that is spread over replicas. With a Redis or Valkey address the replicas count together; and
 * when that is gone, nothing is let in unlimited.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { Limits } from '../../src/http/limits.js';
import { startApplication } from '../support/application.js';
import { freePort, until } from '../support/service-process.js';

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;
const describeWithRedis = isInstalled ? describe : () => undefined;

describeWithRedis('two replicas with one Redis', () => {
  let redis: ChildProcess;
  let environment: Record<string, string>;

  beforeAll(async () => {
    const port = await freePort();
    redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
      stdio: 'ignore',
    });
    environment = {
      WATCHWORD_REDIS_URL: `redis://127.0.0.1:${port}`,
      WATCHWORD_RATE_PER_APPLICATION: '50',
    };
    await until(() =>
      Promise.resolve(spawnSync('redis-cli', ['-p', String(port), 'ping']).status === 0),
    );
  });
  afterAll(() => redis.kill());

  it('S36: of 200 requests over two replicas exactly 50 are let in; without Redis none', async () => {
    const one = await startApplication({ environment });
    const other = await startApplication({ environment });
    const id = one.first.application.id;
    const enter = (n: number, application: string) =>
      (n % 2 ? one : other).app.get(Limits).enter(application);
    await until(() =>
      enter(0, 'warm-up').then(
        () => true,
        () => false,
      ),
    );
    const entered = await Promise.allSettled(Array.from({ length: 200 }, (_, n) => enter(n, id)));
    expect(entered.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    redis.kill();
    await new Promise((resolve) => redis.once('close', resolve));
    const answer = await one.call('GET', '/v1/users/x/factors');
    expect([answer.status, answer.body.code]).toEqual([503, 'overloaded']);
    await one.close();
    await other.close();
  });
});

if (!isInstalled)
  it('is not tried here: redis-server is not installed', () => {
    console.warn('redis-server is not installed: limits shared between replicas were NOT tested.');
    expect(process.env['CI']).not.toBe('true');
  });
