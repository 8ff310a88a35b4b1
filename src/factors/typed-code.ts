/** Codes of every kind, as they were typed. */
import { z } from 'zod';
import { normaliseCode } from '../otp/code.js';
import { readWrittenCode } from '../otp/written-code.js';

/**
 * @returns the code as it is compared: 6 to 10 digits, or the symbols of a recovery or bypass code; null where
 *   it is none of them
 */
export function readTypedCode(typed: string): string | null {
  return (
    normaliseCode(typed) ?? readWrittenCode(typed, 'recovery') ?? readWrittenCode(typed, 'bypass')
  );
}

/** Whatever somebody proves who they are with, put right first (S26). */
export const typedCode = z
  .string()
  .max(64)
  .transform((value, context) => {
    const code = readTypedCode(value);
    if (code !== null) return code;
    context.addIssue({ code: 'custom', message: 'must be 6 to 10 digits, or a recovery code' });
    return z.NEVER;
  })
  .meta({
    description:
      'What the user typed: digits, or a recovery code; spaces, dashes and case do not matter.',
  });
