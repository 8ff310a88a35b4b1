/**
 * The log: JSON lines by pino, so that nothing a stranger sends can break out of its line (S115).
 * Bodies, headers and addresses with a user id in them are never logged; redaction is the second net
 * for what a later line may pass by mistake (S114).
 */
import { types } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';

const sensitive = [
  'authorization',
  'cookie',
  'code',
  'secret',
  'uri',
  'qr_svg',
  'proof',
  'access_token',
  'refresh_token',
  'token',
  'key',
  'phone',
  'password',
];

export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: {},
    redact: {
      paths: sensitive.flatMap((name) => [`body.${name}`, `headers.${name}`, `*.${name}`]),
      censor: '[redacted]',
    },
    serializers: { err: serializeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Nest's own messages, in the same log. */
export function nestLog(log: Logger): LoggerService {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
      log[level]({ context, ...(message instanceof Error && { err: message }) }, String(message));
    };
  return {
    log: write('debug'),
    debug: write('debug'),
    verbose: write('debug'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('error'),
  };
}

/** A database's error repeats the row it is about ("detail", "where"): only these are logged. */
function serializeError(error: unknown): unknown {
  if (!types.isNativeError(error)) return { message: 'something that is no error was thrown' };
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  // Not `code`: that is what a user types, and is redacted.
  return {
    type: name,
    message,
    errorCode: code,
    stack,
    cause: error.cause && serializeError(error.cause),
  };
}
