import { Inject, Injectable } from '@nestjs/common';
import type { RequestOptions } from '../../factors/key-response.js';
import { ChallengesService } from '../../challenges/challenges.service.js';
import { attemptsLeftOf } from '../../challenges/challenge.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config.js';
import type { Visit } from '../../links/visits.js';
import { shownNotice, type Told } from '../notice.js';
import { ShownChallenges, type SentCode } from '../shown-challenges.js';
import { Proving } from './proving.js';
import { digitsOf, type Way, type WayType } from './way.js';

/** What the page shows, whatever has led to it. */
export interface VerifyView extends Told {
  /** The way that is being tried; undefined where one has to be chosen. */
  readonly way: Way | undefined;
  readonly others: readonly Way[];
  readonly attemptsLeft: number | undefined;
  readonly digits: number | undefined;
  /** A code that was sent. */
  readonly sent: SentCode | undefined;
  /** What the browser is to ask a security key. */
  readonly options: RequestOptions | undefined;
  /** For how many seconds this browser may be trusted; null where it may not. */
  readonly trustSeconds: number | null;
}

/** Reads the state of a page; it changes nothing (S102). */
@Injectable()
export class VerifyState {
  constructor(
    private readonly proving: Proving,
    private readonly challenges: ShownChallenges,
    private readonly opened: ChallengesService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'smsCodeDigits'>,
  ) {}

  async of(visit: Visit): Promise<VerifyView> {
    const { link } = visit;
    const ways = await this.proving.ways(visit);
    const way = ways.find(({ key }) => key === link.way);
    const challenge = way && (await this.proving.current(visit));
    const { status, sent, isUndelivered } = await this.challenges.shown(visit, challenge);
    return {
      way: challenge && way,
      others: ways.filter((one) => challenge === undefined || one !== way),
      // A device's code, or one on paper, is always there to be answered.
      status: isDevice(way) && status !== undefined ? 'pending' : status,
      attemptsLeft: challenge && attemptsLeftOf(challenge),
      digits: way && (way.type === 'phone' ? this.config.smsCodeDigits : digitsOf(way)),
      sent,
      options: challenge && (await this.opened.optionsOf(challenge)),
      trustSeconds:
        link.purpose === 'verify' ? visit.caller.application.rememberDeviceSeconds : null,
      isUndelivered,
      notice: shownNotice(link.notice, this.clock.now()),
    };
  }
}

const deviceTypes = new Set<WayType>(['totp', 'hotp', 'recovery_code', 'bypass_code']);

function isDevice(way: Way | undefined): boolean {
  return way !== undefined && deviceTypes.has(way.type);
}
