/**
 * Tells a database that cannot be used now from a statement that is wrong. The first is answered
 * 503 and never with a token (S46); the second is a defect of ours.
 */

import { types } from 'node:util';

// `instanceof` does not know an error of another realm, which a test runner's or a worker's may be.
const { isNativeError } = types;

/** SQLSTATE classes: connection, resources, operator's intervention, system; and a read-only standby. */
const unavailableStates = /^(08|53|57P|58|25006|XX)/;
const networkErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);
/** The driver's errors that carry no code. */
const lostConnection =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|not queryable|Cannot use a pool after calling end|PGlite is clos/i;

export function isStorageUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  const code = codeOf(error);
  if (code !== undefined && (networkErrors.has(code) || unavailableStates.test(code))) return true;
  if (error instanceof AggregateError) return error.errors.some(isStorageUnavailable);
  return lostConnection.test(error.message);
}

/** Whether the statement lost against another one and may simply be run again: nothing of it remains. */
export function isRetryable(error: unknown): boolean {
  const code = isNativeError(error) ? codeOf(error) : undefined;
  return code === '40P01' || code === '40001';
}

/** Whether the statement names a table that is not there. */
export function isMissingTable(error: unknown): boolean {
  return isNativeError(error) && codeOf(error) === '42P01';
}

/** Whether the statement would have made a second row of what there may be one of. */
export function isDuplicate(error: unknown): boolean {
  return isNativeError(error) && codeOf(error) === '23505';
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
