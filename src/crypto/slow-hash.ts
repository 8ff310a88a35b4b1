import { randomBytes } from 'node:crypto';
import { hashRaw } from '@node-rs/argon2';
import { bulkhead, BulkheadRejectedError, type BulkheadPolicy } from 'cockatiel';
import { sameBytes } from './digest.js';

/**
 * Argon2id (RFC 9106) with OWASP's least figures: 19 MiB, two passes, one lane. They belong to what is stored:
 * whoever changes them has to go on reading what was hashed with these.
 */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const SALT_BYTES = 16;

/** How many hashes of a kind may wait for their turn in a process. */
const MOST_WAITING = 400;

/**
 * One hash at a time is made anew and one compared, which bounds their memory to 38 MiB. They do not wait for
 * one another: whoever has hashes made without end keeps nobody from what was hashed before.
 */
const making = bulkhead(1, MOST_WAITING);
const comparing = bulkhead(1, MOST_WAITING);

export interface SlowHashed {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** More hashes are asked for than can be made in good time. */
export class HashingOverloaded extends Error {
  override readonly name = 'HashingOverloaded';
}

/** How many hashes of each kind wait for their turn in this process. */
export function hashesWaiting(): { readonly making: number; readonly comparing: number } {
  return {
    making: MOST_WAITING - making.queueSlots,
    comparing: MOST_WAITING - comparing.queueSlots,
  };
}

/** @returns the hash under a new random salt @throws HashingOverloaded */
export async function slowHash(text: string): Promise<SlowHashed> {
  const salt = randomBytes(SALT_BYTES);
  return { salt, hash: await argon2id(text, salt, making) };
}

/** Whether the hash is of this text, compared in constant time @throws HashingOverloaded */
export async function isSlowHashOf(text: string, { salt, hash }: SlowHashed): Promise<boolean> {
  return sameBytes(await argon2id(text, salt, comparing), hash);
}

/** Off this thread. The library's default is Argon2id, version 0x13. */
async function argon2id(text: string, salt: Buffer, turns: BulkheadPolicy): Promise<Buffer> {
  try {
    return await turns.execute(() => hashRaw(text, { ...PARAMETERS, salt }));
  } catch (error) {
    if (error instanceof BulkheadRejectedError) throw new HashingOverloaded();
    throw error;
  }
}
