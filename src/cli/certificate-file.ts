import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { thumbprintOf } from '../certificates/certificate.js';
import { OperatorError } from '../errors.js';

/**
 * The thumbprint of a certificate in PEM or DER; of the first, where there are several.
 *
 * @throws OperatorError if it cannot be read
 */
export async function thumbprintOfFile(path: string): Promise<string> {
  try {
    return thumbprintOf(new X509Certificate(await readFile(path)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`"${path}" cannot be read as a certificate: ${reason}.`);
  }
}
