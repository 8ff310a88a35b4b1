import { Injectable } from '@nestjs/common';
import { sameBytes, sha256 } from '../crypto/digest.js';
import { Envelope } from '../crypto/envelope.js';
import { HashingOverloaded, isSlowHashOf, slowHash, type SlowHashed } from '../crypto/slow-hash.js';
import { WatchwordError } from '../errors.js';
import { inGroups, randomWrittenCode } from '../otp/written-code.js';
import { FactorsMetrics } from './factors.metrics.js';
import { secretPlace, type Checkable, type Enrolment, type FactorPlace } from './method.js';

/** How many codes a set has. */
export const SET_SIZE = 10;
export const SET_NAME = 'Recovery codes';

/** A set's parameters as they are stored; the hashes of its codes are the sealed secret. */
type StoredParameters = Readonly<{
  codes: number;
  /** Places in the set of those that were used. */
  used: readonly number[];
}>;

/** One code at rest. */
interface Entry extends SlowHashed {
  /** Tells most wrong codes without the slow hash. */
  readonly tag: Buffer;
}

const FORMAT = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 2;
const HASH_BYTES = 32;
const ENTRY_BYTES = SALT_BYTES + TAG_BYTES + HASH_BYTES;

/**
 * Recovery codes: one factor is a whole set. Each code is hashed with Argon2id, and the hashes are sealed under
 * the keyring, which is their pepper: without the keys a stolen database holds nothing to guess at (S66), and
 * the seal is made anew when a key is.
 *
 * Beside each hash stand 16 bits of SHA-256 over salt and code. A guess pays for a slow hash only where they
 * fit, one in 6,500, and then for about one (S69). Who has keys and database may sort guesses by those bits:
 * 64 of 80 stay behind Argon2id.
 */
@Injectable()
export class RecoveryCodeMethod {
  readonly type = 'recovery_code';
  /**
   * RFC 8176 `otp`: a password that is good once (RFC 4949). NIST SP 800-63B-4 calls it a look-up secret, and
   * lets it stand beside a password as any other single-factor one-time password.
   */
  readonly proves = 'otp';

  constructor(
    private readonly envelope: Envelope,
    private readonly metrics: FactorsMetrics,
  ) {}

  /**
   * Makes the codes of a set and hashes them, which takes a while.
   *
   * @throws WatchwordError `overloaded`
   */
  async generate(): Promise<{ readonly codes: readonly string[]; readonly hashed: Buffer }> {
    const codes = new Set<string>();
    while (codes.size < SET_SIZE) codes.add(randomWrittenCode('recovery'));
    const entries = await this.orOverloaded('making', Promise.all([...codes].map(entryOf)));
    return {
      codes: [...codes].map(inGroups),
      hashed: Buffer.concat([Buffer.of(FORMAT), ...entries.map(toBytes)]),
    };
  }

  enrol(place: FactorPlace, hashed: Buffer): Enrolment {
    return {
      secret: this.envelope.seal(hashed, secretPlace(place)),
      lookup: null,
      parameters: { codes: SET_SIZE, used: [] } satisfies StoredParameters,
      defaultName: SET_NAME,
    };
  }

  /**
   * @param code normalised, without separators
   * @returns the code's place in the set; null where it is none of the set's, or was used
   * @throws WatchwordError `overloaded`
   */
  async find(factor: Checkable, code: string): Promise<number | null> {
    if (factor.secret === null) return null;
    const entries = entriesOf(this.envelope.open(factor.secret, secretPlace(factor)));
    const { used } = parametersOf(factor);
    const alike = entries.flatMap((entry, place) =>
      sameBytes(tagOf(entry.salt, code), entry.tag) && !used.includes(place)
        ? [{ entry, place }]
        : [],
    );
    for (const { entry, place } of alike)
      if (await this.orOverloaded('comparing', isSlowHashOf(code, entry))) return place;
    return null;
  }

  private async orOverloaded<Result>(
    kind: 'making' | 'comparing',
    hashing: Promise<Result>,
  ): Promise<Result> {
    try {
      return await hashing;
    } catch (error) {
      if (!(error instanceof HashingOverloaded)) throw error;
      this.metrics.countOverload(kind);
      throw new WatchwordError('overloaded', {}, error);
    }
  }
}

/** How many codes of a set are left; undefined for any other factor. */
export function remainingOf(factor: Pick<Checkable, 'type' | 'parameters'>): number | undefined {
  if (factor.type !== 'recovery_code') return undefined;
  const { codes, used } = parametersOf(factor);
  return codes - used.length;
}

async function entryOf(code: string): Promise<Entry> {
  const { salt, hash } = await slowHash(code);
  return { salt, tag: tagOf(salt, code), hash };
}

function tagOf(salt: Uint8Array, code: string): Buffer {
  return sha256(`${Buffer.from(salt).toString('base64')} ${code}`).subarray(0, TAG_BYTES);
}

function toBytes({ salt, tag, hash }: Entry): Buffer {
  return Buffer.concat([salt, tag, hash]);
}

function entriesOf(hashed: Buffer): Entry[] {
  if (hashed[0] !== FORMAT) throw new Error('a set of recovery codes has an unknown format');
  const entries: Entry[] = [];
  for (let at = 1; at < hashed.length; at += ENTRY_BYTES) {
    const [toTag, toHash] = [at + SALT_BYTES, at + SALT_BYTES + TAG_BYTES];
    const salt = hashed.subarray(at, toTag);
    const tag = hashed.subarray(toTag, toHash);
    entries.push({ salt, tag, hash: hashed.subarray(toHash, toHash + HASH_BYTES) });
  }
  return entries;
}

// Written by this class, and by the statement that uses a code up.
function parametersOf({ parameters }: Pick<Checkable, 'parameters'>): StoredParameters {
  return parameters as unknown as StoredParameters;
}
