/**
 * Challenges whose code is sent, as they come into being and get another code: what arrived together
 * becomes one transaction, in which the shield decides, the challenge, its message and the audit are
 * written. The messages are carried after the commit.
 *
 * A caller that may not know about numbers gets the same answer, by the same statements, where nothing is
 * sent (S42): a new challenge has a code that nobody has, and one that has a code keeps it.
 */
import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import type { AuditEvent } from '../audit/event.js';
import type { EarlyBlock, Send } from '../delivery/counter.js';
import { Delivery } from '../delivery/delivery.js';
import type { MessageState, NewMessage } from '../delivery/message.js';
import type { Letter } from '../delivery/provider.js';
import { cooldownAfter, type Block, type Verdict } from '../delivery/shield.js';
import { Batch, latestOf } from '../storage/batch.js';
import { Database, type Executor } from '../storage/database.js';
import type { Challenge, PhonePart } from './challenge.js';
import { ChallengesRepository } from './challenges.repository.js';

/** A challenge with the code that is about to be sent. */
export interface Placement {
  readonly caller: Caller;
  readonly challenge: Challenge & { readonly phone: PhonePart };
  /** The state it is in now, where it gets another code. */
  readonly before: Challenge | undefined;
  readonly letter: Letter;
  readonly send: Send;
  /** A test number: nothing is sent, nothing is counted. */
  readonly isTest: boolean;
  /** Whether the caller is told why nothing is sent. */
  readonly told: boolean;
  readonly now: Date;
}

export type Placed =
  | { readonly placed: true; readonly challenge: Challenge; readonly letter: Letter | undefined }
  | { readonly placed: false; readonly block: Block | EarlyBlock; readonly retryAfter: number }
  /** It has ended, or got another code, in the meantime. */
  | { readonly placed: false; readonly block: 'overtaken'; readonly retryAfter: number };

const overtaken: Placed = { placed: false, block: 'overtaken', retryAfter: 0 };
const delivered: MessageState = { status: 'delivered', provider: 'test', failure: null };

@Injectable()
export class Sending {
  private readonly batch = new Batch<Placement, Placed>(
    (items) => this.placeAll(items),
    ({ send }) => `${send.realmId} ${send.number}`,
    64,
  );

  constructor(
    private readonly challenges: ChallengesRepository,
    private readonly delivery: Delivery,
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  /** Writes the challenge down and has its code carried, where the shield lets it. */
  async place(placement: Placement): Promise<Placed> {
    const placed = await this.batch.submit(placement);
    if (placed.placed && placed.letter !== undefined) this.delivery.carry([placed.letter]);
    return placed;
  }

  private placeAll(items: Placement[]): Promise<Placed[]> {
    return this.database.transaction(async (executor) => {
      const held = await this.challenges.lock(
        executor,
        items.flatMap(({ before }) => (before === undefined ? [] : [before.id])),
      );
      // Before any counter, as whoever ends a message does.
      await this.delivery.hold(
        executor,
        items.flatMap(({ before }) => before?.phone?.messageId ?? []),
      );
      const open = items.filter((item) => isOpen(item, held));
      const verdicts = await this.admit(executor, open.filter(isCounted));
      const rows = new Rows();
      const placed = items.map((item) =>
        open.includes(item) ? this.placeOne(rows, item, verdicts.get(item)) : overtaken,
      );
      await this.challenges.add(executor, rows.opened);
      for (const { challenge, before, now } of rows.renewed) {
        await this.challenges.renew(executor, challenge);
        await this.delivery.withdraw(executor, [before], now);
      }
      await this.delivery.queue(executor, rows.messages);
      await this.audit.recordAll(executor, rows.events);
      return placed;
    });
  }

  private async admit(executor: Executor, items: readonly Placement[]) {
    const sends = items.map(({ send }) => send);
    const verdicts = await this.delivery.admit(executor, sends, latestOf(items));
    return new Map(items.map((item, index) => [item, verdicts[index]]));
  }

  private placeOne(rows: Rows, item: Placement, verdict: Verdict | undefined): Placed {
    const { send, letter, before, now } = item;
    const note = (event: AuditEvent) =>
      rows.events.push(this.audit.row(auditContext(item.caller), event));
    const blocked = blockOf(item, verdict);
    if (blocked !== undefined) {
      this.delivery.countBlocked(blocked.block, send.country);
      for (const event of blockEvents(item, blocked.block, verdict)) note(event);
      if (item.told) return { placed: false, ...blocked };
    }
    const admitted = verdict?.admitted === true ? verdict : undefined;
    const challenge = resultOf(item, blocked !== undefined, admitted?.resendAt);
    note(openedEvent(challenge, before));
    if (before?.phone == null) rows.opened.push(challenge);
    else
      rows.renewed.push({
        challenge,
        // Where the code before stays good, its message goes on; the work is the same.
        before: blocked === undefined ? before.phone.messageId : letter.id,
        now,
      });
    const settled = item.isTest ? delivered : blocked && failed(blocked.block);
    rows.messages.push({
      realmId: challenge.realmId,
      challengeId: challenge.id,
      letter,
      ...(settled !== undefined && { settled }),
      budgetKeys: admitted?.budgetKeys ?? [],
      costMicros: admitted === undefined ? 0 : send.costMicros,
      createdAt: now,
    });
    return { placed: true, challenge, letter: settled === undefined ? letter : undefined };
  }
}

/** What a batch writes, each table by one statement. */
class Rows {
  readonly opened: Challenge[] = [];
  readonly renewed: {
    readonly challenge: Challenge;
    readonly before: string;
    readonly now: Date;
  }[] = [];
  readonly messages: NewMessage[] = [];
  readonly events: ReturnType<Audit['row']>[] = [];
}

function openedEvent(challenge: Challenge, before: Challenge | undefined): AuditEvent {
  const { id: challengeId, userId, factorId, purpose, type: factorType, phone } = challenge;
  if (before !== undefined)
    return { type: 'challenge.resent', userId, challengeId, channel: phone?.channel ?? '' };
  return { type: 'challenge.created', userId, challengeId, factorId, factorType, purpose };
}

function blockEvents(
  { send, challenge }: Placement,
  reason: string,
  verdict: Verdict | undefined,
): AuditEvent[] {
  const { userId, country, channel, prefix } = send;
  const event = { userId, challengeId: challenge.id, reason, country, channel };
  const paused = verdict?.admitted === false && verdict.paused !== undefined ? verdict : undefined;
  return [
    { type: 'delivery.blocked', ...event },
    ...(paused === undefined
      ? []
      : [
          {
            type: 'delivery.paused' as const,
            target: `prefix ${prefix}`,
            seconds: paused.retryAfterSeconds,
          },
        ]),
  ];
}

function failed(failure: string): MessageState {
  return { status: 'failed', provider: null, failure };
}

/** A new challenge, or one that still is as its caller saw it. */
function isOpen({ before }: Placement, held: ReadonlyMap<string, Challenge>): boolean {
  if (before === undefined) return true;
  const now = held.get(before.id);
  return now?.status === 'pending' && now.phone?.messageId === before.phone?.messageId;
}

/** What the shield is asked about: all but what costs nothing, or is refused at once and told so. */
function isCounted({ isTest, told, send }: Placement): boolean {
  return !isTest && !(told && send.early !== undefined);
}

function blockOf({ isTest, told, send }: Placement, verdict: Verdict | undefined) {
  if (isTest) return undefined;
  if (told && send.early !== undefined) return { block: send.early, retryAfter: 0 };
  if (verdict === undefined || verdict.admitted) return undefined;
  return { block: verdict.block, retryAfter: verdict.retryAfterSeconds };
}

/**
 * The challenge as it is from now on. Who may not know about numbers is shown a time that depends on the
 * challenge alone; and one whose further code is not sent keeps the code before.
 */
function resultOf(
  { challenge, before, told, now }: Placement,
  isBlocked: boolean,
  resendAt: Date | undefined,
): Challenge {
  const byItself = new Date(now.getTime() + cooldownAfter(challenge.phone.sends) * 1000);
  const kept = isBlocked && before?.phone ? before.phone : challenge.phone;
  return {
    ...challenge,
    phone: {
      ...challenge.phone,
      codeHash: kept.codeHash,
      messageId: kept.messageId,
      resendAt: told && resendAt !== undefined ? resendAt : byItself,
    },
  };
}
