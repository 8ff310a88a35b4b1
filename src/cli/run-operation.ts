import type { Config } from '../config.js';
import type { OperationName } from '../operator/operations.js';
import { askService } from '../operator/ask-service.js';
import { DataFolder } from '../storage/data-folder.js';
import type { Here } from './run-here.js';

/** Runs one operation. @returns what it gave, as JSON would carry it @throws OperatorError what was refused */
export type Run = (name: OperationName, input: Record<string, unknown>) => Promise<unknown>;

/**
 * Has operations run: in the running embedded service, where there is one; else here, on PostgreSQL or on the
 * embedded database that nobody else has open.
 *
 * @throws what opening the ground throws
 */
export async function withOperations<Result>(
  config: Config,
  work: (run: Run) => Promise<Result>,
): Promise<Result> {
  let here: Here | undefined;
  const run: Run = async (name, input) => {
    if (config.databaseUrl === undefined && here === undefined) {
      const socket = DataFolder.socketOf(config.dataFolder);
      const answered = await askService(socket, name, input);
      if (answered !== undefined) return answered.result;
    }
    here ??= await (await import('./run-here.js')).openHere(config);
    return here.run(name, input);
  };
  try {
    return await work(run);
  } finally {
    await here?.close();
  }
}

/** Runs a single operation. */
export function runOperation(
  config: Config,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<unknown> {
  return withOperations(config, (run) => run(name, input));
}
