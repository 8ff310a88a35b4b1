/** One variable of the environment, and the shapes that several of them share. */
import { z } from 'zod';

export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly variable: string;
  readonly schema: Schema;
  /** The value when the variable is unset, written as it would be in the environment. */
  readonly fallback: string | undefined;
  readonly meaning: string;
  readonly secret: boolean;
}

export function setting<Schema extends z.ZodType>(
  variable: string,
  schema: Schema,
  fallback: string | undefined,
  meaning: string,
  secret = false,
): Setting<Schema> {
  return { variable, schema, fallback, meaning, secret };
}

export const text = z.string().min(1);
export const optionalText = text.optional();
/** Digits alone: `Number` would read a blank as nought and `0x10` as sixteen. */
export const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most));
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

const parts = (value: string) => value.split(',').flatMap((part) => part.trim() || []);
export const list = z
  .string()
  .optional()
  .transform((value) => parts(value ?? ''));

/**
 * `NAME=value,NAME=value`.
 *
 * @param name what a name looks like
 * @param value reads a value
 * @param shape how an entry is written, for the error
 */
export function table<Value>(name: RegExp, value: z.ZodType<Value, string>, shape: string) {
  return list.transform((entries, context): ReadonlyMap<string, Value> => {
    const read = new Map<string, Value>();
    for (const entry of entries) {
      const [key = '', written = ''] = entry.split(/=(.*)/s);
      const result = value.safeParse(written);
      // The entry is not repeated: it may be somebody's number (S114).
      if (!name.test(key) || !result.success || read.has(key)) {
        context.addIssue({ code: 'custom', message: `must be ${shape}, comma-separated` });
        return z.NEVER;
      }
      read.set(key, result.data);
    }
    return read;
  });
}
