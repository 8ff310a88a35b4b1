import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { IssuedKey } from './applications/applications.service.js';
import { ApplicationsService } from './applications/applications.service.js';
import { TlsFiles } from './certificates/tls-files.js';
import type { Config } from './config.js';
import type { Ground } from './ground.js';
import { openGround } from './ground.js';
import { Dispatcher } from './delivery/dispatcher.js';
import { Health } from './health/health.js';
import { drain } from './http/drain.js';
import { nestLog } from './http/log.js';
import { Metrics } from './http/metrics.js';
import { serveDocs } from './http/openapi.js';
import { createServer } from './http/server.js';
import { listenForOperator } from './operator/operator-socket.js';
import { deleteExpired } from './storage/housekeeping.js';
import { MasterKeys } from './storage/master-keys.js';
import { RELOAD_SECONDS } from './tokens/key-life.js';
import { KeyRotation } from './tokens/key-rotation.js';

const HOUSEKEEPING_EVERY_MS = 600_000;
/** How soon a message is noticed whose process died with it. */
const SWEEP_EVERY_MS = 2_000;
/** How soon it is noticed that a certificate was renewed. */
const RELOAD_EVERY_MS = 2_000;

export interface Service {
  readonly url: string;
  /** The key made by this start, where it was the first. */
  readonly firstKey: IssuedKey | undefined;
  /** Finishes what is under way, then closes everything. */
  stop(): Promise<void>;
}

/** The whole application on a ground, ready to be asked, not listening yet. */
export async function createApplication(
  ground: Ground,
  log: Logger,
): Promise<NestFastifyApplication> {
  const tls = await TlsFiles.open(ground.config);
  const adapter = new FastifyAdapter(createServer(ground.config, log, tls));
  const module = AppModule.on({ ...ground, tls });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(log),
  });
  serveDocs(app);
  await app.init();
  await adapter.getInstance().ready();
  return app;
}

/**
 * Starts the service: ground, application, port, first key, operator's socket.
 *
 * @throws what opening the ground or the port throws; nothing stays open then
 */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const ground = await openGround(config, (error) => {
    log.warn({ err: error }, 'an idle database connection broke');
  });
  const app = await createApplication(ground, log).catch(async (error: unknown) => {
    await ground.close();
    throw error;
  });
  try {
    app.get(Metrics).watchProcess();
    const health = app.get(Health);
    health.start();
    await app.listen(config.port, config.host);
    // Not before: the key of a start that finds its port taken would never be shown.
    const first = await app.get(ApplicationsService).createFirst(config.bootstrapApiKey);
    const operator = ground.folder && (await listenForOperator(ground.folder.socket, app));
    if (ground.folder !== undefined && operator === undefined)
      log.warn('the data folder’s path is too long for the operator’s socket');
    const housekeeping = setInterval(() => {
      Promise.all([
        deleteExpired(ground.database, ground.clock.now()),
        app.get(KeyRotation).removeOver(),
        app.get(MasterKeys).note(),
      ]).catch((error: unknown) => {
        log.warn({ err: error }, 'housekeeping failed and will be tried again');
      });
    }, HOUSEKEEPING_EVERY_MS).unref();
    const sweep = setInterval(() => {
      app
        .get(Dispatcher)
        .sweep()
        .catch((error: unknown) => {
          log.warn({ err: error }, 'messages that were left behind could not be looked for');
        });
    }, SWEEP_EVERY_MS).unref();
    const keys = setInterval(() => {
      app
        .get(KeyRotation)
        .tend()
        .catch((error: unknown) => {
          log.warn({ err: error }, 'signing keys could not be read, and those known are kept');
        });
    }, RELOAD_SECONDS * 1000).unref();
    const reload = setInterval(
      () => void reloadTls(app.get(TlsFiles), log),
      RELOAD_EVERY_MS,
    ).unref();
    const stop = async () => {
      clearInterval(reload);
      clearInterval(housekeeping);
      clearInterval(keys);
      clearInterval(sweep);
      health.stop();
      await drain(app.getHttpServer(), config.drainSeconds);
      await closeServer(operator);
      await app.close();
      await ground.close();
    };
    const url = await app.getUrl();
    health.open();
    return { url, firstKey: first?.apiKey, stop };
  } catch (error) {
    await app.close();
    await ground.close();
    throw error;
  }
}

async function closeServer(server: Server | undefined): Promise<void> {
  if (server === undefined) return;
  await new Promise((resolve) => server.close(resolve));
}

async function reloadTls(files: TlsFiles, log: Logger): Promise<void> {
  try {
    if (await files.reload()) log.info('the TLS files were read again');
  } catch (error) {
    log.error({ err: error }, 'the TLS files cannot be used; those from before stay');
  }
}
