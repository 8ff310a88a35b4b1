import { NestFactory } from '@nestjs/core';
import type { Config } from '../config.js';
import { openGround } from '../ground.js';
import { operations, type OperationName } from '../operator/operations.js';
import { OperatorModule } from '../operator/operator.module.js';
import { askService } from '../operator/operator-socket.js';
import { DataFolder } from '../storage/data-folder.js';

/**
 * Runs an operation: in the running embedded service, where there is one; else here, on PostgreSQL or
 * on the embedded database that nobody else has open.
 *
 * @returns what the operation gave, as JSON would carry it
 * @throws OperatorError what was refused, and what opening the ground throws
 */
export async function runOperation(
  config: Config,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<unknown> {
  if (config.databaseUrl === undefined) {
    const socket = DataFolder.socketOf(config.dataFolder);
    const answered = await askService(socket, name, input);
    if (answered !== undefined) return answered.result;
  }
  const ground = await openGround(config);
  try {
    const context = await NestFactory.createApplicationContext(OperatorModule.on(ground), {
      logger: false,
      abortOnError: false,
    });
    try {
      return JSON.parse(JSON.stringify((await operations[name](context, input)) ?? null));
    } finally {
      await context.close();
    }
  } finally {
    await ground.close();
  }
}
