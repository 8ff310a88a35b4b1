import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import { OperatorError } from '../errors.js';

/**
 * One thing that an operator may do.
 *
 * @param schema what it takes; the command line and the socket bring anything
 */
export function operation<Schema extends z.ZodType>(
  schema: Schema,
  run: (context: INestApplicationContext, input: z.output<Schema>) => Promise<unknown>,
) {
  return async (context: INestApplicationContext, input: unknown): Promise<unknown> => {
    const read = schema.safeParse(input);
    if (!read.success) throw new OperatorError(z.prettifyError(read.error));
    return run(context, read.data);
  };
}
