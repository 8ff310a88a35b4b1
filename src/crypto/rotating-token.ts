/**
 * Tokens that are good once and answer with their successor: a prefix, the id of what they stand for, 256 random
 * bits, a tag.
 *
 * Rules:
 * - Only the SHA-256 of the newest one and of the one before is stored.
 * - A successor is made of its predecessor by a keyed hash. So two requests with one token get the same
 *   successor on any replica, without its being stored; and neither the database nor the keys nor both
 *   together make a token, for they hold no predecessor.
 * - The tag tells a token that was used up long ago from one that somebody made up. Without it, knowing
 *   the id, which stands in plain sight in other places, would be enough to end what the token stands for.
 */
import { sameBytes, sha256 } from './digest.js';
import type { KeyedHash } from './keyed-hash.js';
import { randomToken } from './random.js';

const RANDOM_BYTES = 32;
const TAG_BYTES = 16;
const shape = /^([0-7][0-9a-hjkmnp-tv-z]{25})([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{22})$/;

/**
 * How long the token before the newest one still answers with that same newest one: two tabs that renew
 * at once, or an answer that got lost. Its weakness: a thief who is that quick gets what the owner gets, and
 * is noticed at the first use that the two do not make within these seconds of each other.
 */
export const GRACE_SECONDS = 10;

/** A kind of tokens. */
export interface TokenKind {
  /** What they are recognised by, as `wwr_`. */
  readonly prefix: string;
  /** Of the ids of what they stand for, as `ses_`. */
  readonly idPrefix: string;
  /** What the hash that is stored is made for. */
  readonly purpose: string;
  readonly tags: KeyedHash;
  readonly successors: KeyedHash;
}

/** A token as it was presented. */
export interface PresentedToken {
  /** Of what it stands for. */
  readonly id: string;
  readonly text: string;
  readonly hash: Buffer;
  /** Whether this service made it, at any time. */
  readonly isGenuine: boolean;
}

/** What is stored of the tokens of one thing. */
export interface Rotation {
  readonly newest: Uint8Array;
  readonly previous: Uint8Array | null;
  /** Until when the one before answers with the newest. */
  readonly previousUntil: Date | null;
}

export class RotatingTokens {
  constructor(private readonly kind: TokenKind) {}

  /** The first token of something. */
  first(id: string): string {
    return this.compose(id, randomToken(RANDOM_BYTES));
  }

  /** The token that follows one that was presented, and what is stored from then on. */
  rotated(
    { id, text, hash }: PresentedToken,
    now: Date,
  ): { readonly token: string; readonly rotation: Rotation } {
    const token = this.compose(id, this.kind.successors.hash(text).toString('base64url'));
    const previousUntil = new Date(now.getTime() + GRACE_SECONDS * 1000);
    return { token, rotation: { newest: this.hashOf(token), previous: hash, previousUntil } };
  }

  /** The successor that was made of this token before, known by its hash; undefined where none was. */
  madeSuccessor({ id, text }: PresentedToken, hash: Uint8Array): string | undefined {
    // Each of the ring's keys may have made it: another may write since, or on another replica.
    return this.kind.successors
      .candidates(text)
      .flatMap((bytes) => this.composeAll(id, bytes.toString('base64url')))
      .find((candidate) => sameBytes(this.hashOf(candidate), hash));
  }

  /** @returns undefined for a text that is no token of this kind at all */
  read(text: string): PresentedToken | undefined {
    const { prefix, idPrefix, tags } = this.kind;
    if (!text.startsWith(prefix)) return undefined;
    const [, suffix = '', random = '', tag = ''] = shape.exec(text.slice(prefix.length)) ?? [];
    if (suffix === '') return undefined;
    const id = `${idPrefix}${suffix}`;
    const isGenuine = tags
      .candidates(id, random)
      .some((candidate) =>
        sameBytes(candidate.subarray(0, TAG_BYTES), Buffer.from(tag, 'base64url')),
      );
    return { id, text, hash: this.hashOf(text), isGenuine };
  }

  /** What is stored of a token: 256 random bits need no slow hash. */
  hashOf(token: string): Buffer {
    return sha256(`watchword/${this.kind.purpose}/${token}`);
  }

  private compose(id: string, random: string): string {
    return this.composed(id, random, this.kind.tags.hash(id, random));
  }

  private composeAll(id: string, random: string): string[] {
    return this.kind.tags.candidates(id, random).map((tag) => this.composed(id, random, tag));
  }

  private composed(id: string, random: string, tag: Buffer): string {
    const { prefix, idPrefix } = this.kind;
    const suffix = id.slice(idPrefix.length);
    return `${prefix}${suffix}${random}${tag.subarray(0, TAG_BYTES).toString('base64url')}`;
  }
}

/**
 * What a presented token is to what it stands for, while that lives.
 *
 * - `newest`: it is used up, and a successor made
 * - `predecessor`: the one before, within the grace: it gets the successor that there is (S92)
 * - `reused`: one that was used up before, so somebody has a copy: what it stands for ends (S91)
 * - `refused`: none of it. It ends nothing, for an id is told to whoever reads it
 */
export function rotationStanding(
  { newest, previous, previousUntil }: Rotation,
  presented: Pick<PresentedToken, 'hash' | 'isGenuine'>,
  now: Date,
): 'newest' | 'predecessor' | 'reused' | 'refused' {
  if (sameBytes(newest, presented.hash)) return 'newest';
  const isPrevious = previous !== null && sameBytes(previous, presented.hash);
  if (isPrevious && previousUntil !== null && now < previousUntil) return 'predecessor';
  return presented.isGenuine ? 'reused' : 'refused';
}
