/**
 * Refresh tokens: `wwr_`, the session, 256 random bits, a tag.
 *
 * Rules:
 * - Only the SHA-256 of the newest one and of the one before is stored.
 * - A successor is made of its predecessor by a keyed hash. So two requests with one token get the same
 *   successor on any replica, without its being stored; and neither the database nor the keys nor both
 *   together make a token, for they hold no predecessor.
 * - The tag tells a token that was used up long ago from one that somebody made up. Without it, knowing
 *   the id of a session, which every service that takes its tokens does, would be enough to end it.
 */
import { Injectable } from '@nestjs/common';
import { sameBytes, sha256 } from '../crypto/digest.js';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { Keyring } from '../crypto/keyring.js';
import { randomToken } from '../crypto/random.js';

const RANDOM_BYTES = 32;
const TAG_BYTES = 16;
const shape = /^wwr_([0-7][0-9a-hjkmnp-tv-z]{25})([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{22})$/;

/** A refresh token as it was presented. */
export interface PresentedToken {
  readonly sessionId: string;
  readonly hash: Buffer;
  /** Whether this service made it, at any time. */
  readonly isGenuine: boolean;
}

@Injectable()
export class RefreshTokens {
  private readonly tags: KeyedHash;
  private readonly successors: KeyedHash;

  constructor(keyring: Keyring) {
    this.tags = new KeyedHash(keyring, 'refresh-token');
    this.successors = new KeyedHash(keyring, 'refresh-successor');
  }

  /** The first token of a session. */
  first(sessionId: string): string {
    return this.compose(sessionId, randomToken(RANDOM_BYTES));
  }

  /** The token that follows one that was presented. */
  successor(sessionId: string, token: string): string {
    return this.compose(sessionId, this.successors.hash(token).toString('base64url'));
  }

  /** The successor that was made of this token before, known by its hash; undefined where none was. */
  madeSuccessor(sessionId: string, token: string, hash: Uint8Array): string | undefined {
    // Each of the ring's keys may have made it: another may write since, or on another replica.
    return this.successors
      .candidates(token)
      .flatMap((bytes) => this.composeAll(sessionId, bytes.toString('base64url')))
      .find((candidate) => sameBytes(hashOf(candidate), hash));
  }

  /** @returns undefined for a text that is no refresh token at all */
  read(text: string): PresentedToken | undefined {
    const [, suffix = '', random = '', tag = ''] = shape.exec(text) ?? [];
    if (suffix === '') return undefined;
    const sessionId = `ses_${suffix}`;
    const isGenuine = this.tags
      .candidates(sessionId, random)
      .some((candidate) =>
        sameBytes(candidate.subarray(0, TAG_BYTES), Buffer.from(tag, 'base64url')),
      );
    return { sessionId, hash: hashOf(text), isGenuine };
  }

  private compose(sessionId: string, random: string): string {
    return composed(sessionId, random, this.tags.hash(sessionId, random));
  }

  private composeAll(sessionId: string, random: string): string[] {
    return this.tags.candidates(sessionId, random).map((tag) => composed(sessionId, random, tag));
  }
}

/** What is stored of a token: 256 random bits need no slow hash. */
export function hashOf(token: string): Buffer {
  return sha256(`watchword/refresh-token/${token}`);
}

function composed(sessionId: string, random: string, tag: Buffer): string {
  const suffix = sessionId.slice('ses_'.length);
  return `wwr_${suffix}${random}${tag.subarray(0, TAG_BYTES).toString('base64url')}`;
}
