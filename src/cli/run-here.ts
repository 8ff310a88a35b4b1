import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../config.js';
import { openGround } from '../ground.js';
import { operations, type OperationName } from '../operator/operations.js';
import { OperatorModule } from '../operator/operator.module.js';

/** This process, ready for operations. */
export interface Here {
  run(name: OperationName, input: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

/** Makes this process ready for operations, on a database that nobody else holds or that takes several. */
export async function openHere(config: Config): Promise<Here> {
  const ground = await openGround(config);
  try {
    const context = await NestFactory.createApplicationContext(OperatorModule.on(ground), {
      logger: false,
      abortOnError: false,
    });
    return {
      async run(name, input) {
        return JSON.parse(
          JSON.stringify((await operations[name](context, input)) ?? null),
        ) as unknown;
      },
      async close() {
        await context.close();
        await ground.close();
      },
    };
  } catch (error) {
    await ground.close();
    throw error;
  }
}
