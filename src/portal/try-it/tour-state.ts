import { Injectable } from '@nestjs/common';
import { statusAt, type Challenge } from '../../challenges/challenge.js';
import { ChallengesService } from '../../challenges/challenges.service.js';
import { Clock } from '../../clock.js';
import { Inbox, type InboxEntry } from '../../delivery/inbox.js';
import type { Factor } from '../../factors/factor.js';
import { FactorsService } from '../../factors/factors.service.js';
import { qrSvg } from '../../otp/qr-code.js';
import { encodeSecret } from '../../otp/secret.js';
import { Introspection } from '../../sessions/introspection.js';
import { secondsUntil } from '../controls.js';
import type { Demonstrator } from './demonstration.js';
import { userOf, type Visitor } from './visitor.js';

const PERIOD_SECONDS = 30;

/** What the page shows. */
export interface TourView {
  readonly userId: string;
  /** An app that waits for its first code. */
  readonly pending: PendingApp | undefined;
  /** An app that is active; in so many seconds it shows a code that was not used. */
  readonly active: { readonly id: string; readonly seconds: number } | undefined;
  readonly token: { readonly text: string; readonly introspected: string } | undefined;
  readonly number: string;
  /** A challenge that waits for its code. */
  readonly challengeId: string | undefined;
  readonly messages: readonly InboxEntry[];
  readonly notice: (Visitor['notice'] & { readonly seconds: number | undefined }) | undefined;
}

interface PendingApp {
  readonly id: string;
  readonly secret: string;
  readonly uri: string;
  readonly qr: string;
}

/** The visitor's app: an active one, or the one that it was shown last, be it by the page or by curl. */
export function appOf(factors: readonly Factor[], { factorId }: Visitor): Factor | undefined {
  const apps = factors.filter(({ type }) => type === 'totp');
  return (
    apps.find(({ status }) => status === 'active') ??
    apps.find(({ id }) => id === factorId) ??
    apps.at(-1)
  );
}

/** How far a visitor has come, by what the service says now; so steps done by curl count as well. */
@Injectable()
export class TourState {
  constructor(
    private readonly factors: FactorsService,
    private readonly challenges: ChallengesService,
    private readonly introspection: Introspection,
    private readonly inbox: Inbox,
    private readonly clock: Clock,
  ) {}

  async of({ caller }: Demonstrator, visitor: Visitor): Promise<TourView> {
    const userId = userOf(visitor);
    const app = appOf(await this.factors.list(caller.application.realmId, userId), visitor);
    const { token, challengeId, notice, number = numberFor(userId) } = visitor;
    // Where it is gone, the visitor begins that step anew.
    const challenge =
      challengeId && (await this.challenges.get(caller, challengeId).catch(() => undefined));
    const until = notice?.until;
    return {
      userId,
      pending: app?.status === 'pending' ? await this.pending(app) : undefined,
      active: app?.status === 'active' ? this.active(app) : undefined,
      token: token === undefined ? undefined : await this.token(caller, token),
      number,
      challengeId: challenge && this.isPending(challenge) ? challengeId : undefined,
      messages: await this.inbox.list(),
      notice: notice && {
        ...notice,
        seconds: until === undefined ? undefined : secondsUntil(new Date(until), this.clock.now()),
      },
    };
  }

  private async pending(factor: Factor): Promise<PendingApp> {
    const { secret, uri } = this.factors.reveal(factor);
    return { id: factor.id, secret: encodeSecret(secret), uri, qr: await qrSvg(uri) };
  }

  private active({ id, lastStep }: Factor) {
    const next = new Date(((lastStep ?? 0) + 1) * PERIOD_SECONDS * 1000);
    return { id, seconds: secondsUntil(next, this.clock.now()) };
  }

  private async token(caller: Demonstrator['caller'], text: string) {
    const answer = await this.introspection.introspect(caller, text);
    return { text, introspected: JSON.stringify(answer, null, 2) };
  }

  private isPending(challenge: Challenge): boolean {
    return statusAt(challenge, this.clock.now()) === 'pending';
  }
}

const areas = ['202', '212', '303', '312', '404', '415', '503', '617', '702', '808'] as const;

/** One of those that are kept for stories (555-0100 to 0199), a visitor's own: each number has its limits. */
function numberFor(userId: string): string {
  const chosen = parseInt(userId.slice(-8), 16) % (areas.length * 100);
  const area = areas[Math.floor(chosen / 100)] ?? areas[0];
  return `+1${area}5550${100 + (chosen % 100)}`;
}
