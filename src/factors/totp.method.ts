import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Envelope } from '../crypto/envelope.js';
import { algorithms, type TotpParameters } from '../otp/algorithm.js';
import { clockAhead } from '../otp/clock-error.js';
import { keyUri } from '../otp/key-uri.js';
import { randomSecret } from '../otp/secret.js';
import { hardwareDriftSteps, resyncTotp, verifyTotp } from '../otp/totp.js';
import {
  secretPlace,
  type Checkable,
  type CodeMethod,
  type CodePair,
  type Enrolment,
  type FactorPlace,
  type Spent,
} from './method.js';

/** What an app and a token are called whose user has given them no name. */
export const APP_NAME = 'Authenticator app';
export const TOKEN_NAME = 'Hardware token';

/** A TOTP factor's parameters as they are stored. */
const storedParameters = z.object({
  algorithm: z.enum(algorithms),
  digits: z.union([z.literal(6), z.literal(7), z.literal(8)]),
  period: z.int(),
  issuer: z.string(),
  account_name: z.string(),
  /** A token with a clock of its own; absent for an app, whose clock the telephone sets. */
  hardware: z.literal(true).optional(),
});
type StoredParameters = z.infer<typeof storedParameters>;

export interface TotpRequest extends TotpParameters {
  readonly issuer: string;
  readonly accountName: string;
  readonly hardware: boolean;
  /** The user's own; undefined has one made. */
  readonly secret: Uint8Array | undefined;
}

/** Authenticator apps, and hardware tokens with a clock (RFC 6238). */
@Injectable()
export class TotpMethod implements CodeMethod {
  readonly type = 'totp';
  readonly proves = 'otp';

  constructor(private readonly envelope: Envelope) {}

  enrol(place: FactorPlace, request: TotpRequest): Enrolment {
    const { algorithm, digits, periodSeconds: period, issuer, accountName: account_name } = request;
    const secret = request.secret ?? randomSecret();
    return {
      secret: this.envelope.seal(secret, secretPlace(place)),
      lookup: null,
      parameters: {
        ...{ algorithm, digits, period, issuer, account_name },
        ...(request.hardware && { hardware: true }),
      } satisfies StoredParameters,
      defaultName: request.hardware ? TOKEN_NAME : APP_NAME,
    };
  }

  match(factor: Checkable, code: string, now: Date): Spent | null {
    // Written by this class alone: a full validation for each login would be for nothing.
    const { algorithm, digits, period, hardware } = factor.parameters as StoredParameters;
    if (factor.secret === null) return null;
    const parameters = { algorithm, digits, periodSeconds: period };
    return verifyTotp({
      code,
      secret: this.envelope.open(factor.secret, secretPlace(factor)),
      parameters,
      now,
      lastStep: factor.lastStep,
      driftSteps: factor.driftSteps,
      ...(hardware && { maxDriftSteps: hardwareDriftSteps(parameters) }),
    });
  }

  /** How far the clock seems to be ahead that made a code, in seconds; null where no clock explains it. */
  clockAhead(factor: Checkable, code: string, now: Date): number | null {
    if (factor.secret === null) return null;
    const { algorithm, digits, period } = factor.parameters as StoredParameters;
    return clockAhead({
      code,
      secret: this.envelope.open(factor.secret, secretPlace(factor)),
      parameters: { algorithm, digits, periodSeconds: period },
      now,
    });
  }

  canResync({ parameters }: Checkable): boolean {
    return (parameters as StoredParameters).hardware === true;
  }

  resync(factor: Checkable, codes: CodePair, now: Date): Spent | null {
    const { algorithm, digits, period } = factor.parameters as StoredParameters;
    if (factor.secret === null || !this.canResync(factor)) return null;
    return resyncTotp(codes, {
      secret: this.envelope.open(factor.secret, secretPlace(factor)),
      parameters: { algorithm, digits, periodSeconds: period },
      now,
      lastStep: factor.lastStep,
    });
  }

  /**
   * What an authenticator app needs to know, for a factor that is not active yet.
   *
   * @returns undefined once the secret is gone
   */
  reveal(factor: Checkable): { secret: Uint8Array; uri: string } | undefined {
    if (factor.secret === null) return undefined;
    const stored = storedParameters.parse(factor.parameters);
    const secret = this.envelope.open(factor.secret, secretPlace(factor));
    const uri = keyUri({
      issuer: stored.issuer,
      accountName: stored.account_name,
      secret,
      parameters: {
        algorithm: stored.algorithm,
        digits: stored.digits,
        periodSeconds: stored.period,
      },
    });
    return { secret, uri };
  }
}
