import { Inject, Injectable } from '@nestjs/common';
import { requireAccepted } from '../applications/accepted-types.js';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { randomToken } from '../crypto/random.js';
import { WatchwordError } from '../errors.js';
import type { FactorType } from '../factors/factor.js';
import type { ChallengeType } from '../challenges/challenge.js';
import { KnownDevices } from '../challenges/known-devices.js';
import type { TokenRequest } from '../challenges/verification.js';
import { SessionsService, type Issued } from '../sessions/sessions.service.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { grantOfKept, type FirstFactor } from '../tokens/claims.js';
import {
  codeHash,
  LINK_SECONDS,
  linkHash,
  linkPurposes,
  scopeOf,
  userOf,
  type Deed,
  type Link,
  type LinkPurpose,
} from './link.js';
import { LinksRepository } from './links.repository.js';

export interface LinkRequest {
  /** Left out for whoever's passkey it is. */
  readonly user_id?: string | undefined;
  readonly purpose: LinkPurpose;
  readonly redirect_uri: string;
  readonly state?: string | undefined;
  readonly types?: readonly FactorType[] | undefined;
  readonly locale?: string | undefined;
  readonly first_factor?: readonly FirstFactor[] | undefined;
  readonly transaction?: Record<string, unknown> | undefined;
}

/** What came of the pages where nothing was to be proved to the application. */
export interface LinkOutcome {
  readonly purpose: LinkPurpose;
  readonly user_id: string;
  readonly done: readonly Deed[];
}

/** Links as applications see them: made, and fetched when the browser is back. */
@Injectable()
export class LinksService {
  constructor(
    private readonly repository: LinksRepository,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly known: KnownDevices,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /**
   * @returns the link, and its token, of which a hash alone is kept
   * @throws WatchwordError `scope_missing`, `redirect_uri_not_allowed` (S101), `factor_type_not_allowed`
   */
  async create(caller: Caller, request: LinkRequest): Promise<{ link: Link; token: string }> {
    const { application } = caller;
    const needed = scopeOf[request.purpose];
    if (!caller.scopes.includes(needed))
      throw new WatchwordError('scope_missing', { scopes: [needed] });
    if (!application.redirectUris.includes(request.redirect_uri))
      throw new WatchwordError('redirect_uri_not_allowed');
    for (const type of request.types ?? []) requireAccepted(application, [type]);
    const createdAt = this.clock.now();
    const token = randomToken();
    const link: Link = {
      id: newId('lnk'),
      realmId: application.realmId,
      applicationId: application.id,
      userId: request.user_id ?? null,
      purpose: request.purpose,
      status: 'waiting',
      redirectUri: request.redirect_uri,
      state: request.state ?? null,
      types: request.types ?? null,
      locale: request.locale ?? null,
      firstFactor: request.first_factor ?? [],
      transaction: request.transaction ?? null,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + LINK_SECONDS * 1000),
      ...{
        pageEndsAt: null,
        way: null,
        challenges: {},
        notice: null,
        deeds: [],
        proof: null,
        exchangedAt: null,
      },
    };
    await this.database.transaction(async (executor) => {
      await this.repository.add(executor, link, linkHash(token));
      await this.audit.record(executor, auditContext(caller), {
        type: 'link.created',
        userId: link.userId,
        linkId: link.id,
        purpose: link.purpose,
      });
    });
    return { link, token };
  }

  /** Where a browser opens links: by the address with the token behind it, or by a form with the token in it. */
  get openAddress(): string {
    return `${this.config.publicUrl}/open`;
  }

  /**
   * Gives what the code stands for, once: of several requests with it one gets an answer. It is used up
   * before a token exists.
   *
   * @throws WatchwordError `exchange_code_invalid` for whatever is not good now: unknown, another
   *   application's, used before, too old, of a factor that was revoked or is accepted no more (S105)
   */
  async exchange(
    caller: Caller,
    { code, ...request }: TokenRequest & { readonly code: string },
  ): Promise<Issued | { readonly outcome: LinkOutcome }> {
    // Said before the code is used up, so that a slip of the pen costs nobody a proof.
    if (request.replaces_session !== undefined)
      await this.sessions.requireOwn(caller, request.replaces_session);
    const { application } = caller;
    const now = this.clock.now();
    const purposes = linkPurposes.filter((purpose) => caller.scopes.includes(scopeOf[purpose]));
    const link = await this.database.transaction(async (executor) => {
      const hash = codeHash(code);
      const fetched = await this.repository.exchange(executor, application, hash, purposes, now);
      if (fetched === undefined) throw new WatchwordError('exchange_code_invalid');
      await this.audit.record(executor, auditContext(caller), {
        type: 'link.exchanged',
        userId: fetched.userId,
        linkId: fetched.id,
      });
      return fetched;
    });
    const { proof } = link;
    if (proof === null) {
      const { purpose, deeds: done } = link;
      return { outcome: { purpose, user_id: userOf(link), done } };
    }
    const { certificate_thumbprint: certificate = null, session: kind, replaces_session } = request;
    const { trustsBrowser = false, userId, factor, authTime } = proof;
    const grant = grantOfKept(proof, application, { issuedAt: now, certificate });
    const claim = { caller, now: authTime, ...this.known.claimed(request) };
    const proven = { userId, factorId: factor.id, type: factor.type as ChallengeType };
    const device = await this.known.afterProof(claim, false, proven, {
      remember_device: trustsBrowser || request.remember_device === true,
    });
    const issued =
      kind === undefined
        ? { token: this.tokens.issue(application, grant) }
        : await this.sessions.begin(caller, { kind, replaces: replaces_session }, grant);
    return device === undefined ? issued : { ...issued, token: { ...issued.token, device } };
  }
}
