import { VerificationError } from '../../src/verify/verifier.js';

/** The error of a refusal; fails where the token was taken. */
export async function refused(verification: Promise<unknown>): Promise<VerificationError> {
  const outcome = await verification.then(
    () => 'taken',
    (error: unknown) => error,
  );
  if (outcome instanceof VerificationError) return outcome;
  throw new Error(`not refused: ${String(outcome)}`);
}
