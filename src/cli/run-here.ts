import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../config.js';
import { openGround } from '../ground.js';
import { operations, type OperationName } from '../operator/operations.js';
import { OperatorModule } from '../operator/operator.module.js';

/** Runs an operation in this process, on a database that nobody else holds or that takes several. */
export async function runHere(
  config: Config,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<unknown> {
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
