import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import type { Channel } from '../delivery/channel.js';
import { verifiedKeys } from '../delivery/counter.js';
import { Delivery } from '../delivery/delivery.js';
import type { Letter } from '../delivery/provider.js';
import { Activation } from '../factors/activation.js';
import type { Factor } from '../factors/factor.js';
import { FactorsMetrics } from '../factors/factors.metrics.js';
import { FactorsService } from '../factors/factors.service.js';
import { phoneOf } from '../factors/phone.method.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { ProvenMethod } from '../tokens/claims.js';
import { AttemptsRepository, type Charge } from './attempts.repository.js';
import type { Challenge, PhonePart } from './challenge.js';
import { Notices } from './notices.js';
import type { Claim, Comparison, Consume, ProofKind, ProvenFactor } from './proof-kind.js';
import { SentCodes } from './sent-codes.js';

/** RFC 8176 knows a text message and a call; what comes by WhatsApp is a one-time password. */
export const methodOfChannel: Record<Channel, ProvenMethod> = {
  sms: 'sms',
  voice: 'tel',
  whatsapp: 'otp',
};

/** Ends a transaction whose proof was used up by somebody else. */
class Overtaken extends Error {}

/** A claim on a challenge whose code was sent. */
interface PhoneClaim extends Claim {
  readonly challenge: Challenge & { readonly phone: PhonePart };
}

/**
 * A code that was sent to a phone. Attempts on a user's challenge are counted by user. Where only a number
 * was named they are counted by number, the same for one that is known as for one that is not (S42), and
 * apart from the user's: whoever guesses at logins by number locks nobody out of a second factor (S38).
 */
@Injectable()
export class PhoneProof implements ProofKind {
  readonly types = ['phone'] as const;
  readonly budget = 'phone';
  // The code belongs to its challenge; whose the number is, is looked up once it was right.
  readonly isOfFactor = false;
  readonly takes = 'code';
  readonly refusedAs = 'code_incorrect';

  constructor(
    private readonly codes: SentCodes,
    private readonly attempts: AttemptsRepository,
    private readonly factors: FactorsService,
    private readonly activation: Activation,
    private readonly delivery: Delivery,
    private readonly notices: Notices,
    private readonly metrics: FactorsMetrics,
    private readonly database: Database,
  ) {}

  subjectOf(claim: Claim): string {
    return subjectOf(phoneClaim(claim).challenge);
  }

  compare(claim: Claim, _charge: Charge): Comparison {
    const own = phoneClaim(claim);
    const { id, phone, purpose } = own.challenge;
    if (phone.codeHash === null || !this.codes.matches(phone.codeHash, id, claim.code))
      return { reason: 'incorrect' };
    if (purpose === 'enrol') return (approval) => this.finishEnrolment(own, approval);
    return (approval) => this.logIn(own, approval);
  }

  /** Whose number it is: the factor that was named, or the one whose user proved the number last. */
  private async logIn(claim: PhoneClaim, approval: Parameters<Consume>[0]) {
    const { realmId } = claim.challenge;
    const known =
      claim.factorId !== null && claim.userId !== null
        ? { id: claim.factorId, userId: claim.userId }
        : await this.factors.findByNumber(realmId, this.hashesOf(claim));
    if (known === undefined) return this.welcome(claim, approval);
    const proven = { userId: known.userId, factorId: known.id, type: 'phone' } as const;
    const consumed = await this.attempts.consumeCode(this.consumption(claim, proven, approval));
    return consumed
      ? { ...proven, method: methodOfChannel[claim.challenge.phone.channel] }
      : undefined;
  }

  /** A number that is nobody's yet: the proof makes its user, once, however many prove it at a time. */
  private async welcome(claim: PhoneClaim, approval: Parameters<Consume>[0]) {
    const newUser = newId('usr');
    const welcomed = await this.inTransaction(claim, async (executor) => {
      const { realmId } = claim.challenge;
      const subject = { realmId, userId: this.subjectOf(claim), budget: this.budget };
      await this.attempts.hold(executor, claim.challenge.id, subject);
      const hashes = this.hashesOf(claim);
      const factor =
        (await this.factors.findByNumber(realmId, hashes, executor)) ??
        (await this.activation.addProvenPhone(executor, claim.caller, newUser, {
          number: claim.challenge.phone.number,
          channel: claim.challenge.phone.channel,
          replaces: undefined,
        }));
      const proven = { userId: factor.userId, factorId: factor.id, type: factor.type };
      const own = this.consumption(claim, proven, approval);
      if (!(await this.attempts.consumeCodeIn(executor, own))) throw new Overtaken();
      return proven;
    });
    if (welcomed?.userId === newUser) this.metrics.countEnrolment('phone', 'activated');
    return welcomed;
  }

  private async finishEnrolment(claim: PhoneClaim, approval: Parameters<Consume>[0]) {
    const { caller, factorId, now } = claim;
    const pending = await this.factors.get(caller, factorId ?? '');
    let notice: Letter | undefined;
    const finished = await this.inTransaction(claim, async (executor) => {
      const factor = await this.activation.activateProven(executor, caller, pending, null, now);
      if (factor === undefined) throw new Overtaken();
      const proven = { userId: factor.userId, factorId: factor.id, type: factor.type };
      const own = this.consumption(claim, proven, approval);
      if (!(await this.attempts.consumeCodeIn(executor, own))) throw new Overtaken();
      const replaced = await this.replaced(executor, caller, factor);
      if (replaced !== undefined) {
        const { locale } = claim.challenge.phone;
        notice = await this.notices.tellReplaced(executor, caller, replaced, locale, now);
        await this.factors.revokeIn(executor, auditContext(caller), replaced.id);
      }
      return proven;
    });
    if (finished === undefined) return undefined;
    this.metrics.countEnrolment('phone', 'activated');
    this.notices.carry(notice);
    return finished;
  }

  private async replaced(
    executor: Executor,
    caller: Caller,
    factor: Factor,
  ): Promise<Factor | undefined> {
    const replaces = phoneOf(factor)?.replaces;
    if (replaces === undefined) return undefined;
    const old = await this.factors.get(caller, replaces, executor);
    return old.userId === factor.userId && old.status === 'active' ? old : undefined;
  }

  private async inTransaction(
    { challenge }: PhoneClaim,
    work: (executor: Executor) => Promise<ProvenFactor>,
  ) {
    try {
      const proven = await this.database.transaction(work);
      return { ...proven, method: methodOfChannel[challenge.phone.channel] };
    } catch (error) {
      if (error instanceof Overtaken) return undefined;
      throw error;
    }
  }

  private consumption(
    { challenge, now }: PhoneClaim,
    proven: ProvenFactor,
    approval: Parameters<Consume>[0],
  ) {
    const { id, realmId, phone } = challenge;
    const { country, prefix } = phone.number;
    const number = Buffer.from(phone.hash).toString('base64url');
    return {
      challengeId: id,
      // Of the code that was compared: one that was sent since is another (S51).
      codeHash: phone.codeHash ?? new Uint8Array(),
      factorId: proven.factorId,
      subject: subjectOf(challenge),
      ...verifiedKeys({ realmId, country, prefix, number }),
      event: approval(proven),
      now,
    };
  }

  private hashesOf(claim: PhoneClaim): Buffer[] {
    return this.delivery.hashesOf(claim.challenge.realmId, claim.challenge.phone.number);
  }
}

/** The name under which attempts are counted: the user, or a number that is nobody's for certain. */
function subjectOf({ userId, purpose, phone }: PhoneClaim['challenge']): string {
  if (userId !== null && purpose !== 'enrol') return userId;
  return `phone:${Buffer.from(phone.hash).toString('base64url')}`;
}

function phoneClaim(claim: Claim): PhoneClaim {
  const { challenge } = claim;
  if (challenge?.phone == null) throw new Error('a phone is proved by a challenge');
  return { ...claim, challenge: { ...challenge, phone: challenge.phone } };
}
