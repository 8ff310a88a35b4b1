import type { Config } from '../config.js';
import type { OperationName } from '../operator/operations.js';
import { askService } from '../operator/ask-service.js';
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
  const { runHere } = await import('./run-here.js');
  return runHere(config, name, input);
}
