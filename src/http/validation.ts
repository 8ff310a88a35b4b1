import { StandardSchemaValidationPipe } from '@nestjs/common';
import { WatchwordError } from '../errors.js';

const MOST_ERRORS = 20;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Checks every parameter that names a schema; what is refused is listed member by member. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly Issue[]) =>
      new WatchwordError('invalid_request', {
        errors: issues.slice(0, MOST_ERRORS).map(({ message, path = [] }) => ({
          path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
          message,
        })),
      }),
  });
}
