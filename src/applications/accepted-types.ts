import { WatchwordError } from '../errors.js';
import type { Application } from './application.js';

/** @throws WatchwordError `factor_type_not_allowed` where the application accepts none of the types */
export function requireAccepted(
  { factorTypes }: Pick<Application, 'factorTypes'>,
  anyOf: readonly string[],
): void {
  if (!anyOf.some((type) => factorTypes.includes(type)))
    throw new WatchwordError('factor_type_not_allowed', { allowed: factorTypes });
}
