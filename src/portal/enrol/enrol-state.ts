import { Inject, Injectable } from '@nestjs/common';
import { ChallengesService } from '../../challenges/challenges.service.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config.js';
import { statusAt, type Factor } from '../../factors/factor.js';
import { FactorsService } from '../../factors/factors.service.js';
import type { CreationOptions } from '../../factors/key-response.js';
import { SecurityKeys } from '../../factors/security-keys.js';
import { userOf } from '../../links/link.js';
import type { Visit } from '../../links/visits.js';
import { shownNotice, type Told } from '../notice.js';
import { ShownChallenges, type SentCode } from '../shown-challenges.js';
import { RecentProof } from '../verify/recent-proof.js';
import { RecoveryCodes } from './recovery-codes.js';
import { SettingUp, type EnrolType } from './setting-up.js';

/** What an authenticator app needs to know. */
export interface Material {
  readonly secret: Uint8Array;
  readonly uri: string;
  readonly issuer: string;
  readonly account: string;
}

/** Where somebody is with an enrolment. */
export type Step =
  | { readonly at: 'prove' }
  | { readonly at: 'choose' }
  | { readonly at: 'number' }
  | { readonly at: 'app'; readonly material: Material; readonly digits: number | undefined }
  | { readonly at: 'key'; readonly options: CreationOptions }
  | { readonly at: 'code'; readonly sent: SentCode | undefined; readonly digits: number }
  | { readonly at: 'done'; readonly factor: Factor; readonly ways: number };

/** What the page shows, whatever has led to it. */
export interface EnrolView extends Told {
  readonly step: Step;
  readonly types: readonly EnrolType[];
  /** Whether recovery codes are offered: to who has a factor that they can stand in for. */
  readonly offersCodes: boolean;
}

/** Reads the state of an enrolment; it changes nothing (S102). */
@Injectable()
export class EnrolState {
  constructor(
    private readonly settingUp: SettingUp,
    private readonly recentProof: RecentProof,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly factors: FactorsService,
    private readonly keys: SecurityKeys,
    private readonly challenges: ChallengesService,
    private readonly shownChallenges: ShownChallenges,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'smsCodeDigits'>,
  ) {}

  async of(visit: Visit): Promise<EnrolView> {
    const now = this.clock.now();
    const factor = await this.settingUp.current(visit);
    const status = factor && statusAt(factor, now);
    const shared = {
      types: await this.settingUp.types(visit),
      offersCodes: await this.recoveryCodes.isOffered(visit),
      notice: shownNotice(visit.link.notice, now),
      status: undefined,
      isUndelivered: false,
    };
    if (factor !== undefined && status === 'active')
      return { ...shared, step: { at: 'done', factor, ways: await this.countWays(visit) } };
    if (factor !== undefined && status === 'pending')
      return { ...shared, ...(await this.pending(visit, factor)) };
    if (await this.recentProof.isMissing(visit)) return { ...shared, step: { at: 'prove' } };
    const ended = { code: 'factor_not_pending', ...nothingMore } as const;
    return {
      ...shared,
      // An enrolment whose time is up is found, and not told.
      notice: shared.notice ?? (factor && ended),
      step:
        shared.types.join() === 'phone' && !shared.offersCodes
          ? { at: 'number' }
          : { at: 'choose' },
    };
  }

  private async pending(visit: Visit, factor: Factor): Promise<Pick<EnrolView, 'step'>> {
    if (factor.type === 'webauthn')
      return { step: { at: 'key', options: await this.keys.creationOptions(factor) } };
    if (factor.type !== 'phone') return { step: this.app(factor) };
    const id = visit.link.challenges[factor.id];
    const challenge = id === undefined ? undefined : await this.challenges.get(visit.caller, id);
    const { sent, ...told } = await this.shownChallenges.shown(visit, challenge);
    return { ...told, step: { at: 'code', sent, digits: this.config.smsCodeDigits } };
  }

  private app(factor: Factor): Step {
    const { issuer, account_name: account, digits } = factor.parameters;
    const material = { issuer: String(issuer), account: String(account) };
    return {
      at: 'app',
      material: { ...this.factors.reveal(factor), ...material },
      digits: typeof digits === 'number' ? digits : undefined,
    };
  }

  private async countWays({ link }: Visit): Promise<number> {
    const factors = await this.factors.list(link.realmId, userOf(link));
    return factors.filter(({ status }) => status === 'active').length;
  }
}

const nothingMore = { attemptsLeft: undefined, seconds: undefined, clockAheadSeconds: undefined };
