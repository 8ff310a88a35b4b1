/** Codes of an operator's, made as an operator makes them. */
import { operations, type OperationName } from '../../src/operator/operations.js';
import type { Registered, TestApplication } from './application.js';

/** Runs an operation in the application, as its operator's socket does. */
export function operate<Result>(
  { app }: Pick<TestApplication, 'app'>,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<Result> {
  return operations[name](app, input) as Promise<Result>;
}

export interface MadeBypass {
  readonly id: string;
  readonly code: string;
  readonly expiresAt: Date;
  readonly next: string;
}

/** @param by the application in whose realm the user is */
export function makeBypass(
  service: TestApplication,
  user: string,
  more: Record<string, unknown> = {},
  { application }: Pick<Registered, 'application'> = service.first,
): Promise<MadeBypass> {
  return operate(service, 'bypass.create', {
    realm: application.realmName,
    user,
    minutes: 60,
    reason: 'lost phone, called back',
    by: 'olga',
    ...more,
  });
}
