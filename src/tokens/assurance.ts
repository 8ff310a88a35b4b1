import type { Application } from '../applications/application.js';

/** How strong a proof is: one factor, or two (NIST SP 800-63B-4). */
export const strengths = ['aal1', 'aal2'] as const;
export type Acr = (typeof strengths)[number];

/** What an application accepts as what. */
export type AssuranceRules = Pick<Application, 'factorTypes' | 'aal2Types'>;

/**
 * What a proof that reached a strength is accepted as. A code by text message can be phished and a phone's number
 * taken over, so an application may say that a password and such a code are not two factors to it.
 *
 * @param reached by the proof itself
 * @param type of the factor that was proved
 */
export function acceptedAs(
  reached: Acr,
  type: string,
  { factorTypes, aal2Types }: AssuranceRules,
): Acr {
  return (aal2Types ?? factorTypes).includes(type) ? reached : 'aal1';
}
