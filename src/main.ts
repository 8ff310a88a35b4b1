/** Boot: configuration, service, shutdown. */
import 'reflect-metadata';
import cluster from 'node:cluster';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { readConfig, unknownVariables, type Config } from './config.js';
import { createLog } from './http/log.js';
import { startService } from './service.js';
import { isForTrying } from './portal/try-it/demonstration.js';
import { welcome } from './operator/welcome.js';
import { explain } from './operator/explain.js';
import { startWorkers, tellReady, workersOf } from './workers.js';

// V8 would in time allocate among the old what has often lived for long. What belongs to a request is dead
// there until the next major collection and keeps all of its request alive, which is copied then at each
// minor one: a tenth of the CPU, and a third of the memory.
setFlagsFromString('--no-allocation-site-pretenuring');

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  if (cluster.isWorker) return serve(config, log);
  for (const name of unknownVariables(process.env))
    log.warn({ variable: name }, 'this variable is not known to this version');
  const workers = workersOf(config);
  if (workers === 1) return serve(config, log);
  await startWorkers(workers, log);
  const scheme = config.tlsCert === undefined ? 'http' : 'https';
  const url = `${scheme}://${config.host}:${config.port}`;
  log.info({ url, issuer: config.publicUrl, workers }, 'Watchword is ready');
}

async function serve(config: Config, log: Logger): Promise<void> {
  const starting = startService(config, log);

  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error('requests under way did not finish in time');
      process.exit(1);
    }, config.shutdownSeconds * 1000).unref();
    const stopped = starting.then((service) => service.stop());
    stopped.then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const service = await starting;
  if (cluster.isWorker) tellReady();
  else log.info({ url: service.url, issuer: config.publicUrl }, 'Watchword is ready');
  if (config.databaseUrl === undefined)
    log.warn('the embedded database survives a killed process, but not a power loss');
  if (service.firstKey !== undefined)
    process.stdout.write(
      welcome(config.publicUrl, service.firstKey.key, {
        inbox: config.smsProviders.includes('console'),
        page: isForTrying(config),
      }),
    );
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});
