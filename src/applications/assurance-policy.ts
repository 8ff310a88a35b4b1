import { OperatorError } from '../errors.js';
import type { Application } from './application.js';

/** What an application asks of factors. */
export type AssurancePolicy = Pick<Application, 'factorTypes' | 'aal2Types' | 'enrolProofSeconds'>;

/** @throws OperatorError where a type may earn `aal2` that is not accepted */
export function refuseUnfit({ factorTypes, aal2Types }: AssurancePolicy): void {
  const strangers = (aal2Types ?? []).filter((type) => !factorTypes.includes(type));
  if (strangers.length === 0) return;
  throw new OperatorError(
    `The application would not accept ${strangers.join(', ')}, which may earn aal2. Add it with --factor-types, or name with --aal2-types only some of: ${factorTypes.join(', ')}.`,
  );
}
