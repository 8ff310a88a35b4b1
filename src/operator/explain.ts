import { ConfigError } from '../config.js';
import { OperatorError } from '../errors.js';
import { TlsFileError } from '../certificates/tls-files.js';
import { EnvelopeError } from '../crypto/envelope.js';
import { KeyringError } from '../crypto/keyring.js';
import { DataFolderError } from '../storage/data-folder.js';
import { isStorageUnavailable } from '../storage/failure.js';

/** Why a start or a command failed, in words that say what to do; a stack only for a defect of ours. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isKnown =
    error instanceof ConfigError ||
    error instanceof DataFolderError ||
    error instanceof KeyringError ||
    error instanceof OperatorError ||
    error instanceof TlsFileError;
  if (isKnown) return error.message;
  if (error instanceof EnvelopeError)
    return `The database was sealed under other keys (${error.reason}). Set WATCHWORD_ENCRYPTION_KEYS to the keys that were in use, older ones after the new one.`;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return 'The port is taken by another process. Stop that one, or set WATCHWORD_PORT.';
  if (isStorageUnavailable(error))
    return `The database cannot be reached: ${reason(error)}. Check WATCHWORD_DATABASE_URL and whether it runs.`;
  if (typeof code === 'string' && /^(28|3D)/.test(code))
    return `The database refuses the connection: ${error.message}. Check the user, password and database name in WATCHWORD_DATABASE_URL.`;
  return error.stack ?? error.message;
}

/** A connection that was tried on several addresses fails with a list and no message of its own. */
function reason(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ');
}
