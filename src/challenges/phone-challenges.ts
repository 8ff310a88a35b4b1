import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { hostOfCodes } from '../config/sms.settings.js';
import { Envelope } from '../crypto/envelope.js';
import { randomDigits } from '../crypto/random.js';
import type { Channel } from '../delivery/channel.js';
import { Delivery } from '../delivery/delivery.js';
import type { PhoneNumber } from '../delivery/phone-number.js';
import type { Letter } from '../delivery/provider.js';
import { NUMBER_WINDOW_SECONDS, SENDS_IN_WINDOW } from '../delivery/shield.js';
import { codeMessage, spokenMessage, type Locale } from '../delivery/texts.js';
import { WatchwordError } from '../errors.js';
import { newId } from '../storage/ids.js';
import { hashTransaction, type FirstFactor } from '../tokens/claims.js';
import { isTold, sealedAt, statusAt, type Challenge, type Purpose } from './challenge.js';
import { blockedError } from './blocked-error.js';
import { SentCodes } from './sent-codes.js';
import { Sending, type Placement } from './sending.js';

const LONGEST_LIFE_MS = 600_000;

/** A code to be sent to a number. */
export interface PhoneChallengeRequest {
  /** Null: whose the number is, the proof decides. */
  readonly userId: string | null;
  readonly factorId: string | null;
  readonly number: PhoneNumber;
  readonly channel: Channel;
  readonly locale: string | undefined;
  readonly purpose: Purpose;
  /** Bucket of the client's address. */
  readonly address: string | null;
  readonly firstFactor: readonly FirstFactor[];
  readonly transaction: Record<string, unknown> | null;
}

/** Challenges whose code is sent to a phone: opened with a first code, and given further ones. */
@Injectable()
export class PhoneChallenges {
  constructor(
    private readonly sending: Sending,
    private readonly delivery: Delivery,
    private readonly codes: SentCodes,
    private readonly envelope: Envelope,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Opens a challenge and has its code sent.
   *
   * @throws WatchwordError for a caller that may know about numbers, why nothing is sent (blocked-error.ts)
   */
  async open(caller: Caller, request: PhoneChallengeRequest): Promise<Challenge> {
    const { id: applicationId, realmId } = caller.application;
    const { number, channel, transaction } = request;
    const now = this.clock.now();
    const id = newId('chl');
    const locale = this.delivery.localeFor(request.locale);
    const challenge: Challenge = {
      ...{ id, realmId, applicationId, type: 'phone', status: 'pending', attemptsUsed: 0 },
      userId: request.userId,
      factorId: request.factorId,
      purpose: request.purpose,
      firstFactor: request.firstFactor,
      nonce: null,
      transaction,
      transactionHash: transaction && hashTransaction(transaction),
      createdAt: now,
      expiresAt: now,
      phone: {
        ...{ channel, locale, sends: 0, codeHash: null, messageId: '', resendAt: now },
        number,
        sealed: this.envelope.seal(Buffer.from(number.e164), sealedAt({ id, realmId })),
        hash: this.delivery.hashOf(realmId, number),
        address: request.address,
      },
    };
    return this.send(caller, challenge, undefined, now);
  }

  /**
   * Sends another code; the one before is dead. No budget of attempts begins anew (S31). What can be told
   * by the challenge alone is told to everybody; the shield's reasons as by `open`, and where they are
   * not told the code before stays good.
   *
   * @throws WatchwordError `challenge_ended`, `send_too_soon`, `send_limit_reached`; `not_found` where no
   *   code was sent; and as `open`
   */
  async resend(
    caller: Caller,
    before: Challenge,
    {
      channel,
      address,
    }: { readonly channel?: Channel | undefined; readonly address?: string | undefined },
  ): Promise<Challenge> {
    const { phone } = before;
    if (phone === null) throw new WatchwordError('not_found');
    const now = this.clock.now();
    const status = statusAt(before, now);
    if (status !== 'pending')
      throw new WatchwordError('challenge_ended', { challenge_status: status });
    if (phone.sends >= SENDS_IN_WINDOW) throw blockedError('number', NUMBER_WINDOW_SECONDS);
    if (phone.resendAt > now)
      throw blockedError('cooling_down', (phone.resendAt.getTime() - now.getTime()) / 1000);
    const asked = {
      ...phone,
      channel: channel ?? phone.channel,
      address: address ?? phone.address,
    };
    return this.send(caller, { ...before, phone: asked }, before, now);
  }

  private async send(
    caller: Caller,
    { phone, ...challenge }: Challenge,
    before: Challenge | undefined,
    now: Date,
  ): Promise<Challenge> {
    if (phone === null) throw new Error('a code is sent to a phone');
    const { id, realmId, applicationId, userId, createdAt } = challenge;
    const { channel, number, address } = phone;
    const fixed = this.delivery.fixedCode(number);
    const code = fixed ?? randomDigits(this.config.smsCodeDigits);
    // However often it is asked for: a code that was not replaced ends in ten minutes at most (S49).
    const expiresAt = new Date(
      Math.min(
        now.getTime() + this.config.smsCodeSeconds * 1000,
        createdAt.getTime() + LONGEST_LIFE_MS,
      ),
    );
    const letter = {
      ...(await this.words(caller, phone.locale as Locale, channel, code, before)),
      ...{ id: newId('msg'), channel, to: number.e164, country: number.country, code, expiresAt },
      purpose: challenge.purpose,
    };
    const placement: Placement = {
      caller,
      challenge: {
        ...challenge,
        expiresAt,
        phone: {
          ...phone,
          codeHash: this.codes.hash(id, code),
          messageId: letter.id,
          sends: phone.sends + 1,
        },
      },
      before,
      letter,
      send: this.delivery.sendOf({ realmId, applicationId, userId, address }, number, channel),
      isTest: fixed !== undefined,
      told: isTold(caller, challenge),
      now,
    };
    const placed = await this.sending.place(placement);
    if (placed.placed) return placed.challenge;
    throw blockedError(placed.block, placed.retryAfter);
  }

  /** What is written or said, and by whom rather not. */
  private async words(
    { application: { realmName }, kind }: Caller,
    locale: Locale,
    channel: Channel,
    code: string,
    before: Challenge | undefined,
  ): Promise<Pick<Letter, 'text' | 'language' | 'avoid'>> {
    const { publicUrl, smsOrigin, smsAndroidHash: androidHash } = this.config;
    // Who types it into a page of this service may have it filled in there.
    const origin = (kind === 'link' ? hostOfCodes(publicUrl) : undefined) ?? smsOrigin;
    const last = before?.phone && (await this.delivery.stateOf(before.phone.messageId));
    const avoid = last?.provider != null ? { avoid: last.provider } : {};
    if (channel === 'voice') return { ...spokenMessage(locale, realmName, code), ...avoid };
    const text = codeMessage(locale, realmName, code, { origin, androidHash });
    return { text, language: locale, ...avoid };
  }
}
