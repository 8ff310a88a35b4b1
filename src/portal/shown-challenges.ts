import { Injectable } from '@nestjs/common';
import { statusAt, type Challenge, type ChallengeStatus } from '../challenges/challenge.js';
import { ChallengesService } from '../challenges/challenges.service.js';
import { Clock } from '../clock.js';
import type { Channel } from '../delivery/channel.js';
import { Delivery } from '../delivery/delivery.js';
import { mask } from '../delivery/phone-number.js';
import { SENDS_IN_WINDOW } from '../delivery/shield.js';
import type { Visit } from '../links/visits.js';
import { secondsUntil } from './controls.js';

/** A code that was sent, as a page tells of it. */
export interface SentCode {
  readonly to: string;
  readonly channel: Channel;
  /** Ways in which another one can be sent; none once there were too many. */
  readonly channels: readonly Channel[];
  /** Until it may be asked for. */
  readonly seconds: number;
}

/** A challenge as a page shows it; undefined throughout where there is none. */
export interface ShownChallenge {
  readonly status: ChallengeStatus | undefined;
  readonly sent: SentCode | undefined;
  readonly isUndelivered: boolean;
}

/** Reads what became of codes that were sent; it changes nothing (S102). */
@Injectable()
export class ShownChallenges {
  constructor(
    private readonly challenges: ChallengesService,
    private readonly delivery: Delivery,
    private readonly clock: Clock,
  ) {}

  async shown({ caller }: Visit, challenge: Challenge | undefined): Promise<ShownChallenge> {
    const now = this.clock.now();
    const phone = challenge?.phone ?? undefined;
    const state = challenge && (await this.challenges.deliveryOf(caller, challenge));
    return {
      status: challenge && statusAt(challenge, now),
      sent: phone && {
        to: mask(phone.number.e164),
        channel: phone.channel,
        channels: phone.sends < SENDS_IN_WINDOW ? this.delivery.channelsFor(phone.number) : [],
        seconds: secondsUntil(phone.resendAt, now),
      },
      isUndelivered: state?.status === 'failed' || state?.status === 'undelivered',
    };
  }
}
