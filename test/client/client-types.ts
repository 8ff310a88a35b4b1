/** What has to compile, and what must not. Nothing of this runs: `npm run types` reads it. */
import type {
  Client,
  EnrolledFactor,
  ErrorCode,
  FactorList,
  FailureCode,
  InputOf,
  Operations,
  Problem,
  Token,
  WatchwordError,
} from '../../src/client/client.js';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Holds<Statement extends true> = Statement;
type Answer<Name extends keyof Client> = Awaited<ReturnType<Client[Name]>>;

export type AnswersAreTyped = [
  Holds<Same<Answer<'verifyUser'>, Token>>,
  Holds<Same<Answer<'enrolFactor'>, EnrolledFactor>>,
  Holds<Same<Answer<'enrolFactor'>['status'], 'pending' | 'active' | 'revoked'>>,
  Holds<Same<Answer<'listFactors'>, FactorList>>,
  Holds<Same<Answer<'revokeSession'>, void>>,
  Holds<Same<Answer<'factorQrPng'>, Blob | File>>,
  Holds<Same<Answer<'readAudit'>['next'], string | null>>,
  // @ts-expect-error it may be absent
  Holds<Same<Token['refresh_token'], string>>,
];

export type ErrorsAreTyped = [
  Holds<Same<WatchwordError['code'], ErrorCode | FailureCode>>,
  Holds<Same<Problem['code'], ErrorCode>>,
];

export function inputsAreTyped(client: Client): void {
  void client.enrolFactor({ user_id: 'ann', type: 'phone', phone: '+14155550123' });
  void client.createChallenge({ phone: '+14155550123', type: 'phone', purpose: 'login' });
  void client.resendCode({ id: 'chl_1' });
  void client.resendCode({ id: 'chl_1', channel: 'voice' }, { idempotencyKey: 'k' });
  // @ts-expect-error a part of the path is missing
  void client.verifyUser({ code: '123456' });
  // @ts-expect-error nothing is given
  void client.verifyUser();
  // @ts-expect-error the code is a text
  void client.verifyUser({ user_id: 'ann', code: 123456 });
  // @ts-expect-error no such member
  void client.verifyUser({ user_id: 'ann', code: '123456', pin: '1' });
  // @ts-expect-error no such way to have checked a first factor
  void client.verifyUser({ user_id: 'ann', code: '123456', first_factor: ['password'] });
  // @ts-expect-error a phone needs its number
  void client.enrolFactor({ user_id: 'ann', type: 'phone' });
  // @ts-expect-error an authenticator app has no number
  void client.enrolFactor({ user_id: 'ann', type: 'totp', phone: '+14155550123' });
  // @ts-expect-error not a channel
  void client.resendCode({ id: 'chl_1', channel: 'pigeon' });
  // @ts-expect-error not an operation
  void client.forwardAuth({});
}

export function codesAreTyped(error: WatchwordError): string | undefined {
  switch (error.code) {
    case 'code_incorrect':
      return String(error.attemptsLeft);
    case 'locked':
      return String(error.retryAfter);
    case 'unreachable':
    case 'timed_out':
      return 'later';
    // @ts-expect-error not a code
    case 'code_wrong':
      return;
    default:
      return error.detail;
  }
}

/** The parts of an input stand side by side: no name may be in two of them. */
type KeysOf<Kind> = Kind extends unknown ? keyof Kind : never;
type Twice = {
  [Name in keyof Operations]:
    | (KeysOf<NonNullable<Operations[Name]['takes']['path']>> &
        KeysOf<NonNullable<Operations[Name]['takes']['body']>>)
    | (KeysOf<NonNullable<Operations[Name]['takes']['path']>> &
        KeysOf<NonNullable<Operations[Name]['takes']['query']>>)
    | (KeysOf<NonNullable<Operations[Name]['takes']['body']>> &
        KeysOf<NonNullable<Operations[Name]['takes']['query']>>);
}[keyof Operations];
export type InputsAreFlat = [
  Holds<Same<Twice, never>>,
  Holds<Same<InputOf<'getFactor'>['id'], string>>,
];
