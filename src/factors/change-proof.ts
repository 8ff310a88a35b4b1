import type { Application } from '../applications/application.js';
import { WatchwordError } from '../errors.js';
import type { AssuranceRules } from '../tokens/assurance.js';
import { BYPASS_TYPE } from '../tokens/claims.js';
import type { Factor } from './factor.js';
import { remainingOf } from './recovery-code.method.js';

/**
 * Types by one of which a user has to prove who they are before their factors are changed: those that may earn
 * `aal2`, where the user has one of these to show, and else whatever is accepted. Otherwise a phished text message
 * would add a key of the thief's, or remove the owner's, and the next proof would be worth `aal2` after all
 * (NIST SP 800-63B-3 section 6.1.2.1: adding an authenticator takes the assurance that it will be used at).
 *
 * @param factors the user's, those that are not active among them
 */
export function provingTypes(
  { factorTypes, aal2Types }: AssuranceRules,
  factors: readonly Factor[],
): readonly string[] {
  const hasStrong = factors.some(
    (factor) =>
      factor.status === 'active' &&
      aal2Types?.includes(factor.type) === true &&
      remainingOf(factor) !== 0,
  );
  return hasStrong && aal2Types !== null ? aal2Types : factorTypes;
}

/**
 * Whether a fresh proof lets these factors be changed. An operator's code does whatever the rules: it is the way back
 * for somebody who has nothing to show.
 *
 * @param proved the type; undefined where nothing was proved
 */
export function provesEnough(
  rules: AssuranceRules,
  proved: string | undefined,
  factors: readonly Factor[],
): boolean {
  if (proved === undefined) return false;
  return proved === BYPASS_TYPE || provingTypes(rules, factors).includes(proved);
}

/**
 * Refuses to change a user's factors without the fresh proof that the application may ask for (S15).
 *
 * @param proved the type that was proved freshly (FreshProof); undefined where nothing was
 * @throws WatchwordError `proof_required`
 */
export function requireChangeProof(
  application: Application,
  proved: string | undefined,
  factors: readonly Factor[],
): void {
  const { enrolProofSeconds } = application;
  if (enrolProofSeconds === null || !factors.some(({ status }) => status === 'active')) return;
  if (provesEnough(application, proved, factors)) return;
  const allowed = provingTypes(application, factors);
  throw new WatchwordError('proof_required', { max_age: enrolProofSeconds, allowed });
}
