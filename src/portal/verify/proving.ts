import { Injectable } from '@nestjs/common';
import { statusAt, type Challenge } from '../../challenges/challenge.js';
import { ChallengesService } from '../../challenges/challenges.service.js';
import type { Answer } from '../../challenges/proof-kind.js';
import { Verification } from '../../challenges/verification.js';
import { RelyingParties } from '../../applications/relying-parties.js';
import { BypassCodes } from '../../bypass-codes/bypass-codes.service.js';
import { Clock } from '../../clock.js';
import type { Channel } from '../../delivery/channel.js';
import type { DeviceAnswer } from '../../devices/device.js';
import { WatchwordError } from '../../errors.js';
import { provingTypes } from '../../factors/change-proof.js';
import { FactorsService } from '../../factors/factors.service.js';
import { authenticationResponse } from '../../factors/key-response.js';
import { typesOf, type WaitingProof } from '../../links/link.js';
import { Visits, type Visit } from '../../links/visits.js';
import { normaliseCode } from '../../otp/code.js';
import { readWrittenCode } from '../../otp/written-code.js';
import { grantOf } from '../../tokens/claims.js';
import { readJson } from '../form-json.js';
import { Refusals } from '../refusals.js';
import type { Browser } from './trusted-browser.js';
import { bypassWay, passkeyWay, waysOf, wayTypes, type Way } from './way.js';

/** What became of a code: the way back to the application, or undefined where the page has more to say. */
export type Answered =
  { readonly proof: WaitingProof; readonly device: DeviceAnswer | undefined } | undefined;

/**
 * Proves a factor on a page. It asks the domain as the link's application would, and what the domain refuses
 * becomes the notice of the page that is shown next.
 */
@Injectable()
export class Proving {
  constructor(
    private readonly visits: Visits,
    private readonly refusals: Refusals,
    private readonly factors: FactorsService,
    private readonly challenges: ChallengesService,
    private readonly verification: Verification,
    private readonly parties: RelyingParties,
    private readonly bypass: BypassCodes,
    private readonly clock: Clock,
  ) {}

  /** The ways that this user has and this link lets, the one that was used last first. */
  async ways({ link, caller }: Visit): Promise<Way[]> {
    const { userId } = link;
    const factors = userId === null ? [] : await this.factors.list(link.realmId, userId);
    // What a link lets somebody enrol is not what they have to show for it.
    const { application } = caller;
    const types =
      link.purpose === 'verify' ? typesOf(link, application) : provingTypes(application, factors);
    const known = types.filter((type) => wayTypes.some((one) => one === type));
    const ways =
      userId === null && known.includes('webauthn') ? [passkeyWay] : waysOf(factors, known);
    if (await this.mayBypass(link)) ways.push(bypassWay);
    const hasKey = ways.some(({ type }) => type === 'webauthn');
    if (!hasKey || (await this.parties.canAskHere(link.realmId))) return ways;
    return ways.filter(({ type }) => type !== 'webauthn');
  }

  /** Whether an operator has let this user in, which confirms nothing. */
  private async mayBypass({ realmId, userId, transaction }: Visit['link']): Promise<boolean> {
    return userId !== null && transaction === null && this.bypass.isOpen(realmId, userId);
  }

  /** Begins with the way that was used last. @param address of whoever sits at the browser */
  async begin(visit: Visit, address: string): Promise<void> {
    const [first] = await this.ways(visit);
    if (first !== undefined) await this.choose(visit, first.key, address);
  }

  /** The challenge that is being answered; undefined where none is. */
  async current({ link, caller }: Visit): Promise<Challenge | undefined> {
    const id = link.way === null ? undefined : link.challenges[link.way];
    return id === undefined ? undefined : this.challenges.get(caller, id);
  }

  /** Goes the way of this key: with its challenge that can still be answered, or with a new one. */
  async choose(visit: Visit, key: string, address: string): Promise<void> {
    const way = (await this.ways(visit)).find((one) => one.key === key);
    if (way === undefined) return;
    const before = await this.current({ ...visit, link: { ...visit.link, way: key } });
    if (before !== undefined && statusAt(before, this.clock.now()) === 'pending')
      return this.visits.remember(visit, { way: key, notice: null });
    // Said of the way that was wanted, while the page offers the others.
    await this.refusals.told(visit, { way: null }, () => this.open(visit, way, address));
  }

  /** Sends another code, also by another channel. */
  async resend(visit: Visit, channel: Channel | undefined, address: string): Promise<void> {
    const challenge = await this.current(visit);
    if (challenge === undefined) return;
    await this.refusals.told(visit, {}, async () => {
      await this.challenges.resend(visit.caller, challenge.id, { channel, client_ip: address });
      await this.visits.remember(visit, { notice: null });
    });
  }

  /**
   * @param typed as it was typed
   * @returns what it has proved, which is used up
   */
  async answer(visit: Visit, typed: string, address: string, browser: Browser): Promise<Answered> {
    const isRecovery = visit.link.way === 'recovery_code';
    const asked = isRecovery ? readWrittenCode(typed, 'recovery') : normaliseCode(typed);
    // Whoever has been given an operator's code types it where a code is asked for; a payment it does not confirm.
    const isConfirming = visit.link.transaction !== null;
    const code = asked ?? (isConfirming ? null : readWrittenCode(typed, 'bypass'));
    if (code === null) {
      await this.visits.remember(visit, { notice: { code: 'invalid_request' } });
      return undefined;
    }
    let answered: Answered;
    await this.refusals.told(visit, {}, async () => {
      const challenge = await this.answerable(visit, address);
      answered = await this.prove(visit, challenge, { code }, browser);
    });
    return answered;
  }

  /** The same with what the browser gave of a security key. @param text JSON */
  async answerKey(
    visit: Visit,
    text: string,
    address: string,
    browser: Browser,
  ): Promise<Answered> {
    const response = readJson(text, authenticationResponse);
    if (response === undefined) {
      await this.visits.remember(visit, { notice: { code: 'security_key_refused' } });
      return undefined;
    }
    let answered: Answered;
    await this.refusals.told(visit, {}, async () => {
      const challenge = await this.current(visit);
      // It signed what is over: the page asks once more.
      if (challenge === undefined || statusAt(challenge, this.clock.now()) !== 'pending')
        return this.choose(visit, 'webauthn', address);
      answered = await this.prove(visit, challenge, { response }, browser);
    });
    return answered;
  }

  /** Ends every challenge that was begun. */
  async cancel({ link, caller }: Visit): Promise<void> {
    for (const id of Object.values(link.challenges))
      await this.challenges.cancel(caller, id).catch((error: unknown) => {
        if (!(error instanceof WatchwordError && error.code === 'challenge_ended')) throw error;
      });
  }

  /** A device's code does not depend on the challenge, so one that is over is not the user's concern. */
  private async answerable(visit: Visit, address: string): Promise<Challenge> {
    const challenge = await this.current(visit);
    if (challenge === undefined) throw new WatchwordError('challenge_ended');
    if (challenge.type === 'phone' || statusAt(challenge, this.clock.now()) === 'pending')
      return challenge;
    const way = (await this.ways(visit)).find(({ key }) => key === visit.link.way);
    if (way === undefined) throw new WatchwordError('challenge_ended');
    return this.open(visit, way, address);
  }

  private async open(visit: Visit, way: Way, address: string): Promise<Challenge> {
    const { link, caller } = visit;
    const { transaction } = link;
    const isPhone = way.type === 'phone';
    const challenge = await this.challenges.create(caller, {
      user_id: link.userId ?? undefined,
      type: way.type,
      purpose: transaction !== null ? 'confirm' : link.purpose === 'verify' ? 'login' : 'step_up',
      first_factor: link.firstFactor,
      ...(transaction !== null && { transaction }),
      ...(isPhone && { factor_id: way.key, client_ip: address }),
      ...(isPhone && link.locale !== null && { locale: link.locale }),
    });
    await this.visits.remember(visit, { way: way.key, challengeId: challenge.id, notice: null });
    return challenge;
  }

  private async prove(
    { caller }: Visit,
    challenge: Challenge,
    answer: Answer,
    { token, isTrusted }: Browser,
  ): Promise<Answered> {
    const proven = await this.verification.proveOnly(caller, challenge, answer, {
      device_token: token,
      remember_device: isTrusted,
    });
    const { userId, factorId, type, method, userCheck, device, provedAt } = proven;
    const proof = {
      userId,
      factor: { id: factorId, type },
      method,
      userCheck,
      firstFactor: challenge.firstFactor,
      transactionHash: challenge.transactionHash,
      certificate: null,
      provenAt: provedAt,
    };
    const grant = grantOf(proof, caller.application);
    return { proof: { ...grant, ...(isTrusted && { trustsBrowser: true }) }, device };
  }
}
