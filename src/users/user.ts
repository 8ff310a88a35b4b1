import { z } from 'zod';

/**
 * A user's name in the application's own words. Opaque: "Alice" and "alice" are two users. It is kept
 * in Unicode's composed form, so that one name has one spelling, one set of factors and one budget of
 * attempts (S34).
 */
export const userId = z
  .string()
  .transform((value) => value.normalize('NFC'))
  .pipe(
    z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'must not contain control characters')
      .regex(/^\S(.*\S)?$/su, 'must not begin or end with white space'),
  )
  .meta({ description: 'The application’s own name for the user; opaque and case-sensitive.' });

export interface User {
  readonly userId: string;
  readonly createdAt: Date;
}
