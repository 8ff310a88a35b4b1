import type { z } from 'zod';

/** JSON that a script has put into a form, as `schema` reads it; undefined where it is something else. */
export function readJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
