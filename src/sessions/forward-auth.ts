import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { strengths, type Acr } from '../tokens/assurance.js';
import { Introspection } from './introspection.js';
import { isCrossSite, type BrowserRequest } from './cross-site.js';
import { cookieHashOf, cookieIdOf } from './session-cookie.js';
import { idleEnd, isLive, type Session } from './session.js';
import { SessionsRepository } from './sessions.repository.js';

/** How good the proof has to be. */
export interface Requirement {
  readonly acr?: Acr | undefined;
  /** Each of these has to be among the proof's methods. */
  readonly amr?: readonly string[] | undefined;
  /** Seconds since the proof. */
  readonly max_age?: number | undefined;
  /** Whose sessions count; needed where there are several realms. */
  readonly audience?: string | undefined;
}

/** Who is asking, and how that was proved. */
export interface Standing {
  readonly userId: string;
  readonly applicationId: string;
  readonly amr: readonly string[];
  readonly acr: Acr;
  readonly authTime: Date;
  readonly sessionId: string | undefined;
}

/** A request as its proxy tells it. */
export interface ForwardedRequest extends BrowserRequest {
  readonly cookie: string | undefined;
  readonly bearer: string;
}

/** How seldom it is written down that a session is in use: not for each picture of a page. */
const NOTED_EVERY_SECONDS = 60;
/** How far a proof may be in the future: two replicas' clocks. */
const SKEW_SECONDS = 60;

/** Answers a proxy whether a request may pass: by its session's cookie, or by an access token. */
@Injectable()
export class ForwardAuth {
  constructor(
    private readonly repository: SessionsRepository,
    private readonly tokens: AccessTokens,
    private readonly introspection: Introspection,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks the database each time, so that an ended session is over with the next request (S90).
   *
   * @throws WatchwordError `proof_missing`, `proof_insufficient` (RFC 9470), `cross_site_refused`
   */
  async admit(request: ForwardedRequest, required: Requirement): Promise<Standing> {
    const standing =
      request.bearer === ''
        ? await this.ofCookie(request, required)
        : await this.ofToken(request.bearer, required);
    if (standing === undefined) throw new WatchwordError('proof_missing');
    this.refuseWeak(standing, required);
    return standing;
  }

  private async ofCookie(
    request: ForwardedRequest,
    { audience }: Requirement,
  ): Promise<Standing | undefined> {
    const id = cookieIdOf(request.cookie);
    const session = id && (await this.repository.findByCookie(cookieHashOf(id)));
    const now = this.clock.now();
    if (!session || !isLive(session, now)) return undefined;
    const { applicationId, userId, amr, acr, authTime } = session;
    if (!(await this.isMeant(applicationId, audience))) return undefined;
    if (isCrossSite(request)) throw new WatchwordError('cross_site_refused');
    await this.noteUse(session, now);
    return { userId, applicationId, amr, acr, authTime, sessionId: session.id };
  }

  private async ofToken(token: string, { audience }: Requirement): Promise<Standing | undefined> {
    const claims = await this.tokens.read(token);
    if (claims === undefined || !(await this.isMeant(claims.client_id, audience))) return undefined;
    // Nobody tells us the certificate of whoever the proxy talks to.
    if (claims.cnf !== undefined || !(await this.introspection.isGood(claims))) return undefined;
    return {
      userId: claims.sub,
      applicationId: claims.client_id,
      amr: claims.amr,
      acr: claims.acr,
      authTime: new Date(claims.auth_time * 1000),
      sessionId: claims.sid,
    };
  }

  /** Without an audience, one realm has to be all there is: each may have a user of this name. */
  private async isMeant(applicationId: string, audience: string | undefined): Promise<boolean> {
    if (audience === undefined) return this.repository.isOnlyRealm();
    return (await this.repository.audienceOf(applicationId)) === audience;
  }

  private refuseWeak({ acr, amr, authTime }: Standing, required: Requirement): void {
    const age = (this.clock.now().getTime() - authTime.getTime()) / 1000;
    const isStrong = strengths.indexOf(acr) >= strengths.indexOf(required.acr ?? 'aal1');
    const hasAll = (required.amr ?? []).every((method) => amr.includes(method));
    const isFresh =
      required.max_age === undefined || (age <= required.max_age && age >= -SKEW_SECONDS);
    if (isStrong && hasAll && isFresh) return;
    throw new WatchwordError('proof_insufficient', {
      ...(required.acr !== undefined && { acr: required.acr }),
      ...(required.amr !== undefined && { amr: required.amr }),
      ...(required.max_age !== undefined && { max_age: required.max_age }),
    });
  }

  private async noteUse({ id, lastUsedAt, idleEndsAt, endsAt }: Session, now: Date): Promise<void> {
    if (now.getTime() - lastUsedAt.getTime() < NOTED_EVERY_SECONDS * 1000) return;
    const idleSeconds = (idleEndsAt.getTime() - lastUsedAt.getTime()) / 1000;
    await this.repository.touch(id, { now, idleEndsAt: idleEnd(now, idleSeconds, endsAt) });
  }
}
