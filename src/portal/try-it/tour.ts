import { Injectable } from '@nestjs/common';
import type { Caller } from '../../applications/application.js';
import { ChallengesService } from '../../challenges/challenges.service.js';
import { Enrolment } from '../../challenges/enrolment.js';
import { Verification } from '../../challenges/verification.js';
import { Clock } from '../../clock.js';
import { Dispatcher } from '../../delivery/dispatcher.js';
import { errorTable, WatchwordError } from '../../errors.js';
import { enrolRequest } from '../../factors/enrol-request.js';
import { enrolBody } from '../../factors/factors.schemas.js';
import { FactorsService } from '../../factors/factors.service.js';
import { normaliseCode } from '../../otp/code.js';
import { appOf } from './tour-state.js';
import { userOf, type FormName, type Visitor } from './visitor.js';

/**
 * The steps of the page, done as an application does them: each takes the visitor and gives it back as it is
 * then, with a notice where the service has refused.
 */
@Injectable()
export class Tour {
  constructor(
    private readonly enrolment: Enrolment,
    private readonly factors: FactorsService,
    private readonly challenges: ChallengesService,
    private readonly verification: Verification,
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
  ) {}

  enrol(caller: Caller, visitor: Visitor): Promise<Visitor> {
    return this.noted('enrol', visitor, async () => {
      const userId = userOf(visitor);
      const request = enrolRequest(caller, userId, enrolBody.parse({ type: 'totp' }));
      const first = { locale: undefined, address: null };
      const { factor } = await this.enrolment.begin(caller, userId, request, first);
      return { ...visitor, factorId: factor.id };
    });
  }

  /** The first code activates the app, every other one is a login. */
  code(caller: Caller, visitor: Visitor, typed: string): Promise<Visitor> {
    return this.noted('code', visitor, async () => {
      const code = readCode(typed);
      const userId = userOf(visitor);
      const factors = await this.factors.list(caller.application.realmId, userId);
      const app = appOf(factors, visitor);
      if (app?.status === 'pending') {
        await this.enrolment.activate(caller, app.id, { code });
        return visitor;
      }
      const request = { code, first_factor: ['pwd'] } as const;
      const { token } = await this.verification.byUser(caller, userId, request);
      return { ...visitor, token: token.access_token };
    });
  }

  /** @param typed a number in the international format */
  phone(caller: Caller, visitor: Visitor, typed: string): Promise<Visitor> {
    return this.noted('phone', visitor, async () => {
      const request = { type: 'phone', phone: typed, purpose: 'login' } as const;
      const { id, phone } = await this.challenges.create(caller, request);
      // The console provider takes no time worth speaking of, and the page then shows the message at once.
      await this.dispatcher.settled();
      return { ...visitor, challengeId: id, number: phone?.number.e164 };
    });
  }

  sms(caller: Caller, visitor: Visitor, typed: string): Promise<Visitor> {
    return this.noted('sms', visitor, async () => {
      const { challengeId = '' } = visitor;
      const request = { code: readCode(typed) };
      const { token } = await this.verification.byChallenge(caller, challengeId, request);
      return { ...visitor, token: token.access_token, challengeId: undefined };
    });
  }

  private async noted(
    form: FormName,
    { notice: _before, ...visitor }: Visitor,
    work: () => Promise<Visitor>,
  ): Promise<Visitor> {
    try {
      const { notice: _said, ...after } = await work();
      return after;
    } catch (error) {
      if (!(error instanceof WatchwordError) || errorTable[error.code].status >= 500) throw error;
      const { attempts_left: attemptsLeft, retry_after: seconds } = error.members;
      const until =
        seconds === undefined
          ? undefined
          : new Date(this.clock.now().getTime() + seconds * 1000).toISOString();
      return { ...visitor, notice: { form, code: error.code, attemptsLeft, until } };
    }
  }
}

function readCode(typed: string): string {
  const code = normaliseCode(typed);
  if (code === null) throw new WatchwordError('invalid_request');
  return code;
}
