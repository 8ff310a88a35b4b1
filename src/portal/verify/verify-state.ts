import { Inject, Injectable } from '@nestjs/common';
import { attemptsLeftOf, statusAt, type ChallengeStatus } from '../../challenges/challenge.js';
import { ChallengesService } from '../../challenges/challenges.service.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config.js';
import type { Channel } from '../../delivery/channel.js';
import { Delivery } from '../../delivery/delivery.js';
import { mask } from '../../delivery/phone-number.js';
import { SENDS_IN_WINDOW } from '../../delivery/shield.js';
import type { ErrorCode } from '../../errors.js';
import type { Visit } from '../../links/visits.js';
import { secondsUntil } from '../controls.js';
import { Proving } from './proving.js';
import { digitsOf, type Way } from './way.js';

/** What the page shows, whatever has led to it. */
export interface VerifyView {
  /** The way that is being tried; undefined where one has to be chosen. */
  readonly way: Way | undefined;
  readonly others: readonly Way[];
  /** Of its challenge; an app's is always there to be answered. */
  readonly status: ChallengeStatus | undefined;
  readonly attemptsLeft: number | undefined;
  readonly digits: number | undefined;
  /** A code that was sent. */
  readonly sent: SentCode | undefined;
  readonly isUndelivered: boolean;
  readonly notice: ShownNotice | undefined;
}

export interface SentCode {
  readonly to: string;
  readonly channel: Channel;
  /** Ways in which another one can be sent; none once there were too many. */
  readonly channels: readonly Channel[];
  /** Until it may be asked for. */
  readonly seconds: number;
}

export interface ShownNotice {
  readonly code: ErrorCode;
  readonly attemptsLeft: number | undefined;
  /** Until it may be tried again; undefined where there is nothing to wait for. */
  readonly seconds: number | undefined;
}

/** Reads the state of a page; it changes nothing (S102). */
@Injectable()
export class VerifyState {
  constructor(
    private readonly proving: Proving,
    private readonly challenges: ChallengesService,
    private readonly delivery: Delivery,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'smsCodeDigits'>,
  ) {}

  async of(visit: Visit): Promise<VerifyView> {
    const { link, caller } = visit;
    const now = this.clock.now();
    const ways = await this.proving.ways(visit);
    const way = ways.find(({ key }) => key === link.way);
    const challenge = way && (await this.proving.current(visit));
    const phone = challenge?.phone ?? undefined;
    const status = challenge && statusAt(challenge, now);
    const delivery = challenge && (await this.challenges.deliveryOf(caller, challenge));
    return {
      way: challenge && way,
      others: ways.filter((one) => challenge === undefined || one !== way),
      status: way?.type !== 'phone' && status !== undefined ? 'pending' : status,
      attemptsLeft: challenge && attemptsLeftOf(challenge),
      digits: way && (way.type === 'phone' ? this.config.smsCodeDigits : digitsOf(way)),
      sent: phone && {
        to: mask(phone.number.e164),
        channel: phone.channel,
        channels: phone.sends < SENDS_IN_WINDOW ? this.delivery.channelsFor(phone.number) : [],
        seconds: secondsUntil(phone.resendAt, now),
      },
      isUndelivered: delivery?.status === 'failed' || delivery?.status === 'undelivered',
      notice: link.notice ? shown(link.notice, now) : undefined,
    };
  }
}

/** A wait that is over is nothing to talk of any more. */
function shown(
  { code, attemptsLeft, until }: NonNullable<Visit['link']['notice']>,
  now: Date,
): ShownNotice | undefined {
  const seconds = until === undefined ? undefined : secondsUntil(new Date(until), now);
  return seconds === 0 ? undefined : { code, attemptsLeft, seconds };
}
