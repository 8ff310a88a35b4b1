import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../../applications/application.js';
import { RelyingParties } from '../../applications/relying-parties.js';
import { ChallengesService } from '../../challenges/challenges.service.js';
import { Enrolment, type Enrolled, type FirstAnswer } from '../../challenges/enrolment.js';
import { firstCodeOf } from '../../challenges/enrolment.schemas.js';
import { methodOfChannel } from '../../challenges/phone.proof.js';
import { Clock } from '../../clock.js';
import { Delivery } from '../../delivery/delivery.js';
import { diallings, writtenNumber } from '../../delivery/dialling.js';
import { readPhoneNumber } from '../../delivery/phone-number.js';
import { WatchwordError } from '../../errors.js';
import { enrolRequest } from '../../factors/enrol-request.js';
import { statusAt, type Factor } from '../../factors/factor.js';
import { enrolBody, renameBody, type EnrolBody } from '../../factors/factors.schemas.js';
import { FactorsService } from '../../factors/factors.service.js';
import { registrationResponse } from '../../factors/key-response.js';
import { keyOf } from '../../factors/webauthn.method.js';
import { typesOf, userOf, type Notice } from '../../links/link.js';
import { Visits, type Visit } from '../../links/visits.js';
import { normaliseCode } from '../../otp/code.js';
import { grantOf, type Proof } from '../../tokens/claims.js';
import { readJson } from '../form-json.js';
import { isRefusal, Refusals } from '../refusals.js';
import { RecentProof } from '../verify/recent-proof.js';
import { countriesIn, type Country } from './countries.js';

/** The types that these pages can enrol. Hardware tokens come from whoever hands them out. */
export const enrolTypes = ['totp', 'webauthn', 'phone'] as const;
export type EnrolType = (typeof enrolTypes)[number];

/** A number as it was typed, with the country that was chosen beside it. */
export interface TypedNumber {
  readonly country: string;
  readonly number: string;
}

/**
 * Sets a factor up on the pages. Which one it is stands in the link's `way`: first pending, then active, until
 * another one is begun.
 */
@Injectable()
export class SettingUp {
  constructor(
    private readonly visits: Visits,
    private readonly refusals: Refusals,
    private readonly recentProof: RecentProof,
    private readonly factors: FactorsService,
    private readonly enrolment: Enrolment,
    private readonly challenges: ChallengesService,
    private readonly delivery: Delivery,
    private readonly parties: RelyingParties,
    private readonly clock: Clock,
  ) {}

  /** What may be set up: of the link, of the application, and where codes can be sent and keys asked for. */
  async types({ link, caller }: Visit): Promise<EnrolType[]> {
    const allowed = typesOf(link, caller.application);
    const reaches = diallings.some(({ country }) => this.delivery.reaches(country));
    const isPossible = {
      totp: true,
      webauthn: allowed.includes('webauthn') && (await this.parties.canAskHere(link.realmId)),
      phone: reaches,
    };
    return enrolTypes.filter((type) => allowed.includes(type) && isPossible[type]);
  }

  /** Those whose numbers can get codes. @param locale of their names */
  countries(locale: string): Country[] {
    return countriesIn(locale).filter(({ country }) => this.delivery.reaches(country));
  }

  /** Begins at once where there is nothing to choose and nothing to ask. */
  async open(visit: Visit): Promise<void> {
    const [only, ...others] = await this.types(visit);
    if (only === undefined || only === 'phone' || others.length > 0) return;
    if (!(await this.recentProof.isMissing(visit))) await this.beginHere(visit, only);
  }

  /** The factor that is being set up, whatever has become of it; undefined where none is. */
  async current({ link, caller }: Visit): Promise<Factor | undefined> {
    const { way, userId } = link;
    if (way?.startsWith('fac_') !== true) return undefined;
    const factor = await this.factors.get(caller, way);
    return factor.userId === userId ? factor : undefined;
  }

  /**
   * Begins with an app's secret, or with what a key is asked; one that is begun already stays, so that what was
   * scanned is good.
   */
  async beginHere(visit: Visit, type: 'totp' | 'webauthn'): Promise<void> {
    const before = await this.current(visit);
    if (before?.type === type && this.isPending(before))
      return this.visits.remember(visit, { notice: null });
    await this.drop(visit);
    await this.refusals.told(visit, { way: null }, async () => {
      const { factor } = await this.begin(visit, { type });
      await this.visits.remember(visit, { way: factor.id, notice: null });
    });
  }

  /**
   * Begins with a number: its code is on the way.
   *
   * @param locale of the message
   * @param address of whoever sits at the browser
   * @returns why it was refused
   */
  async beginPhone(
    visit: Visit,
    { country, number }: TypedNumber,
    locale: string,
    address: string,
  ): Promise<Notice | undefined> {
    const written = writtenNumber(number, country);
    const phone = written && readPhoneNumber(written);
    if (!phone) return { code: 'phone_invalid' };
    await this.drop(visit);
    // A landline is called, since nothing else arrives there.
    const [channel = 'sms'] = this.delivery.channelsFor(phone);
    const body = { type: 'phone', phone: phone.e164, channel, locale, client_ip: address };
    try {
      const { factor, challenge } = await this.begin(visit, body);
      const way = { way: factor.id, ...(challenge && { challengeId: challenge.id }) };
      await this.visits.remember(visit, { ...way, notice: null });
      return undefined;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.visits.remember(visit, { way: null });
      return this.refusals.noticeOf(error);
    }
  }

  /** Takes the first code. @param typed as it was typed */
  async answer(visit: Visit, typed: string): Promise<void> {
    const code = normaliseCode(typed);
    const factor = await this.current(visit);
    if (factor === undefined || factor.status === 'active') return;
    if (code === null) return this.visits.remember(visit, { notice: { code: 'invalid_request' } });
    await this.activate(visit, factor, { code });
  }

  /** Takes the key that the browser has had made. @param text JSON */
  async answerKey(visit: Visit, text: string): Promise<void> {
    const response = readJson(text, registrationResponse);
    const factor = await this.current(visit);
    if (factor === undefined || factor.status === 'active') return;
    if (response !== undefined) return this.activate(visit, factor, { response });
    await this.visits.remember(visit, { notice: { code: 'security_key_refused' } });
  }

  /** Leaves what was begun, to choose anew. */
  async startOver(visit: Visit): Promise<void> {
    await this.drop(visit);
    await this.visits.remember(visit, { way: null, notice: null });
  }

  /**
   * Names what was set up.
   *
   * @param name empty: it keeps the one it has
   * @returns false where it is no name
   */
  async name(visit: Visit, name: string): Promise<boolean> {
    const factor = await this.current(visit);
    if (name === '' || factor?.status !== 'active' || name === factor.name) return true;
    const { success, data } = renameBody.safeParse({ name });
    if (success) await this.factors.rename(visit.caller, factor.id, data.name);
    else await this.visits.remember(visit, { notice: { code: 'invalid_request' } });
    return success;
  }

  private begin(visit: Visit, wanted: Record<string, unknown>): Promise<Enrolled> {
    const { caller, link } = visit;
    const body: EnrolBody = enrolBody.parse({ ...wanted, proof: this.recentProof.token(visit) });
    const request = enrolRequest(caller, userOf(link), body);
    return this.enrolment.begin(caller, userOf(link), request, firstCodeOf(body));
  }

  private async activate(visit: Visit, factor: Factor, answer: FirstAnswer): Promise<void> {
    try {
      const active = await this.enrolment.activate(visit.caller, factor.id, answer);
      await this.settle(visit, active);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.refuse(visit, factor.id, answer.code, error);
    }
  }

  /** Its own code has just proved it, so another one may follow without a further proof. */
  private async settle(visit: Visit, factor: Factor): Promise<void> {
    const { id, type, userId } = factor;
    const { link, caller } = visit;
    await this.visits.note(visit, { action: 'factor_enrolled', factor: { id, type } });
    const proof = {
      userId,
      factor: { id, type },
      ...(await this.methodOf(caller, factor)),
      firstFactor: link.firstFactor,
      transactionHash: null,
      certificate: null,
      provenAt: this.clock.now(),
    };
    await this.visits.prove(visit, grantOf(proof, caller.application));
    await this.visits.remember(visit, { way: id, notice: null });
  }

  private async methodOf(
    caller: Caller,
    factor: Factor,
  ): Promise<Pick<Proof, 'method' | 'userCheck'>> {
    if (factor.type === 'webauthn')
      return {
        method: keyOf(factor).backup_eligible === true ? 'swk' : 'hwk',
        userCheck: 'present',
      };
    const challenge = await this.challenges.findEnrolment(caller, factor.id);
    const channel = challenge?.phone?.channel;
    return { method: channel === undefined ? 'otp' : methodOfChannel[channel] };
  }

  private async refuse(visit: Visit, id: string, code: string | undefined, error: WatchwordError) {
    const factor = await this.factors.get(visit.caller, id);
    // Of two clicks the other was faster.
    if (factor.status === 'active') return;
    const isOver = error.code === 'proof_required' || !this.isPending(factor);
    const ahead =
      error.code === 'code_incorrect' && code !== undefined
        ? this.factors.clockAhead(factor, code)
        : null;
    await this.visits.remember(visit, {
      ...(isOver && { way: null }),
      notice: {
        ...(isOver ? { code: 'factor_not_pending' } : this.refusals.noticeOf(error)),
        ...(ahead !== null && { clockAheadSeconds: ahead }),
      },
    });
  }

  /** An enrolment that is left is over at once, and leaves room for the next. */
  private async drop(visit: Visit): Promise<void> {
    const factor = await this.current(visit);
    if (factor === undefined || !this.isPending(factor)) return;
    await this.factors.revoke(auditContext(visit.caller), factor.id).catch((error: unknown) => {
      if (!(error instanceof WatchwordError && error.code === 'not_found')) throw error;
    });
  }

  private isPending(factor: Factor): boolean {
    return statusAt(factor, this.clock.now()) === 'pending';
  }
}
