import { isHardware, type Factor } from '../../factors/factor.js';
import { PHONE_NAME } from '../../factors/phone.method.js';
import { APP_NAME, TOKEN_NAME } from '../../factors/totp.method.js';
import { remainingOf, SET_NAME } from '../../factors/recovery-code.method.js';
import { KEY_NAME } from '../../factors/webauthn.method.js';
import { BYPASS_TYPE } from '../../tokens/claims.js';

/** The types that this page knows how to ask for. */
export const wayTypes = ['totp', 'hotp', 'phone', 'webauthn', 'recovery_code'] as const;
export type WayType = (typeof wayTypes)[number] | typeof BYPASS_TYPE;

/** What a factor is for whoever holds it. */
export type FactorKind = 'app' | 'token' | 'phone' | 'key' | 'recovery';

/** One thing that somebody can show: a code of an app, of a hardware token, one sent to a phone, one of those on paper; or a security key. */
export interface Way {
  /** The type, whichever app, token or key it is; a phone's factor id. */
  readonly key: string;
  readonly type: WayType;
  readonly kind: FactorKind | 'bypass';
  /** What it may be proved by. */
  readonly factors: readonly Factor[];
  /** What its user calls it, where that says which it is. */
  readonly name: string | null;
  /** A phone's number, masked. */
  readonly number: string | null;
}

/**
 * The ways that a user has, the one that was used last first. Apps are one way, and so are tokens, and so are
 * keys: the code, or the browser, tells which it was.
 *
 * @param factors the user's, those that are not active among them
 * @param types that may be used
 */
export function waysOf(factors: readonly Factor[], types: readonly string[]): Way[] {
  const active = factors.filter(
    (factor) =>
      factor.status === 'active' && types.includes(factor.type) && remainingOf(factor) !== 0,
  );
  const phones = active.filter(({ type }) => type === 'phone');
  const ways = [
    ...(['totp', 'hotp', 'webauthn', 'recovery_code'] as const).flatMap((type) => {
      const alike = active.filter((factor) => factor.type === type);
      return alike.length === 0 ? [] : [wayOf(type, type, alike)];
    }),
    ...phones.map((phone) => wayOf(phone.id, 'phone', [phone])),
  ];
  return ways.toSorted((one, other) => usedAt(other) - usedAt(one));
}

/** The one way where nobody has said who it is. */
export const passkeyWay: Way = {
  ...{ key: 'webauthn', type: 'webauthn', kind: 'key' },
  ...{ factors: [], name: null, number: null },
};

/** What an operator has made for a user, beside what the user has. */
export const bypassWay: Way = {
  ...{ key: BYPASS_TYPE, type: BYPASS_TYPE, kind: 'bypass' },
  ...{ factors: [], name: null, number: null },
};

/** These say what it is, and not which. */
const given = new Set([APP_NAME, KEY_NAME, PHONE_NAME, SET_NAME, TOKEN_NAME]);

/** What its user calls it, where that says which it is. */
export function ownNameOf({ name }: Pick<Factor, 'name'>): string | null {
  return given.has(name) ? null : name;
}

export function kindOf(factors: readonly Factor[]): FactorKind {
  if (factors.some(({ type }) => type === 'phone')) return 'phone';
  if (factors.some(({ type }) => type === 'webauthn')) return 'key';
  if (factors.some(({ type }) => type === 'recovery_code')) return 'recovery';
  return factors.every(isHardware) ? 'token' : 'app';
}

function wayOf(key: string, type: WayType, factors: readonly Factor[]): Way {
  const [only, ...others] = factors;
  return {
    key,
    type,
    kind: kindOf(factors),
    factors,
    name: only === undefined || others.length > 0 ? null : ownNameOf(only),
    number: only?.masked ?? null,
  };
}

/** A factor that was never used comes after those that were, the newest first; what there is for an emergency, last. */
function usedAt({ type, factors }: Way): number {
  if (type === 'recovery_code') return -Infinity;
  const times = factors.map(({ lastUsedAt, activatedAt, createdAt }) =>
    lastUsedAt !== null ? lastUsedAt.getTime() : (activatedAt ?? createdAt).getTime() - AGE_MS,
  );
  return Math.max(...times);
}

const AGE_MS = 100 * 365 * 86_400_000;

/** How many digits a code has; undefined where it may be of several lengths. */
export function digitsOf({ factors }: Way): number | undefined {
  const lengths = new Set(factors.map(({ parameters }) => parameters['digits']));
  const [length] = lengths;
  return lengths.size === 1 && typeof length === 'number' ? length : undefined;
}
