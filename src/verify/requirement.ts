import type { VerifiedToken } from './token.js';
import { VerificationError } from './verification-error.js';

/** The strengths of a proof, the weakest first: one factor, two, two of which one is hardware. */
const strengths = ['aal1', 'aal2', 'aal3'] as const;
export type Acr = (typeof strengths)[number];

/** What a token must carry. */
export interface ClientRequirement {
  /** Each of them is needed. */
  readonly scopes?: readonly string[];
}

/** How good a proof has to be; what is left out is not asked for. */
export interface Requirement extends ClientRequirement {
  /** This strength or a higher one. */
  readonly acr?: Acr;
  /** RFC 8176 methods, each of which is needed: `['pwd', 'otp']`. */
  readonly amr?: readonly string[];
  /** Seconds since the factor was proved, which a refresh does not change. */
  readonly maxAgeSeconds?: number;
}

const isText = (value: unknown) =>
  typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value);
const isTexts = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every((each) => isText(each));

const isGood: Record<keyof Requirement, (value: unknown) => boolean> = {
  acr: (value) => strengths.some((strength) => strength === value),
  amr: isTexts,
  maxAgeSeconds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  scopes: isTexts,
};

/**
 * Refuses a requirement that would ask for nothing by mistake: in JavaScript `{maxAge: 60}` or
 * `{acr: 'AAL2'}` would let everybody in.
 *
 * @throws TypeError
 */
export function checkedRequirement<Asked extends Requirement>(requirement: Asked): Asked {
  for (const [name, value] of Object.entries(requirement)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(isGood, name) ? isGood[name as keyof Requirement] : undefined;
    if (check === undefined)
      throw new TypeError(`a requirement has no "${name}": ${Object.keys(isGood).join(', ')}`);
    if (!check(value)) throw new TypeError(`"${name}" cannot be ${JSON.stringify(value)}`);
  }
  return requirement;
}

/**
 * Holds a good token to what is asked of it (S87).
 *
 * @throws VerificationError `acr_insufficient`, `amr_insufficient`, `proof_too_old`, `scope_insufficient`
 */
export function demand(token: VerifiedToken, requirement: Requirement, now: Date): void {
  const { acr, amr = [], maxAgeSeconds, scopes = [] } = requirement;
  const refuse = (code: ConstructorParameters<typeof VerificationError>[0], detail: string) => {
    throw new VerificationError(code, detail, { requirement });
  };
  const missing = scopes.find((scope) => !token.scope.includes(scope));
  if (missing !== undefined) refuse('scope_insufficient', `the scope ${missing} is missing`);
  // An application's own token proves nobody's factor, whatever it may say.
  const proof = token.kind === 'user' ? token : undefined;
  if (acr !== undefined && rankOf(proof?.acr) < rankOf(acr))
    refuse('acr_insufficient', `acr is ${proof?.acr ?? 'none'}, and ${acr} is asked for`);
  const lacking = amr.find((method) => !proof?.amr.includes(method));
  if (lacking !== undefined) refuse('amr_insufficient', `the method ${lacking} is missing`);
  if (maxAgeSeconds === undefined) return;
  const ageSeconds = (now.getTime() - (proof?.authTime.getTime() ?? -Infinity)) / 1000;
  // Not turned round: an age that is no number is no age that will do.
  if (!(ageSeconds <= maxAgeSeconds))
    refuse('proof_too_old', `proved ${ageSeconds} s ago, and ${maxAgeSeconds} s are allowed`);
}

function rankOf(acr: string | undefined): number {
  return strengths.findIndex((strength) => strength === acr);
}
