import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { OperatorError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { hashApiKey, hintOf, LIVE_KEYS, newApiKey, scopes, type Scope } from './api-key.js';
import type { Application } from './application.js';
import { ApplicationsRepository, type ApiKeySummary } from './applications.repository.js';
import { refuseUnfit } from './assurance-policy.js';

export interface ApplicationRequest {
  readonly realm: string;
  readonly name: string;
  readonly audience?: string | undefined;
  readonly accessTokenSeconds?: number | undefined;
  /** Left out: all there are. */
  readonly factorTypes?: readonly string[] | undefined;
  readonly aal2Types?: readonly string[] | null | undefined;
  readonly enrolProofSeconds?: number | undefined;
  readonly sessionIdleSeconds?: number | undefined;
  readonly sessionSeconds?: number | undefined;
  readonly sessionsEndWithFactor?: boolean | undefined;
  readonly rememberDeviceSeconds?: number | null | undefined;
  readonly tokenAudiences?: readonly string[] | undefined;
  readonly redirectUris?: readonly string[] | undefined;
  readonly frameOrigins?: readonly string[] | undefined;
}

/** The key is shown this once: only its hash is kept. */
export interface IssuedKey {
  readonly id: string;
  readonly key: string;
  readonly scopes: readonly Scope[];
}

/** Authenticator apps show the realm as the issuer of a code. */
const FIRST_REALM = 'Watchword';
const FIRST_APPLICATION = 'first';
const ACCESS_TOKEN_SECONDS = 900;
const SESSION_IDLE_SECONDS = 7 * 86_400;
const SESSION_SECONDS = 30 * 86_400;
const FACTOR_TYPES = ['totp', 'phone', 'hotp', 'webauthn', 'recovery_code'];

/** Applications and their keys, as an operator manages them. */
@Injectable()
export class ApplicationsService {
  constructor(
    private readonly repository: ApplicationsRepository,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes an application with its first key, and its realm where that is new.
   *
   * @param key the key to use; left out, a random one is made
   * @throws OperatorError if the realm has an application of that name
   */
  create(
    request: ApplicationRequest,
    keyScopes: readonly Scope[],
    key?: string,
  ): Promise<{ application: Application; apiKey: IssuedKey }> {
    return this.database.transaction(async (executor) => {
      const createdAt = this.clock.now();
      const id = newId('app');
      const realmId = await this.repository.findOrAddRealm(executor, {
        id: newId('rlm'),
        name: request.realm,
        createdAt,
      });
      const application = {
        id,
        realmId,
        realmName: request.realm,
        name: request.name,
        audience: request.audience ?? id,
        accessTokenSeconds: request.accessTokenSeconds ?? ACCESS_TOKEN_SECONDS,
        factorTypes: request.factorTypes ?? FACTOR_TYPES,
        aal2Types: request.aal2Types ?? null,
        enrolProofSeconds: request.enrolProofSeconds ?? null,
        sessionIdleSeconds: request.sessionIdleSeconds ?? SESSION_IDLE_SECONDS,
        sessionSeconds: request.sessionSeconds ?? SESSION_SECONDS,
        sessionsEndWithFactor: request.sessionsEndWithFactor ?? true,
        rememberDeviceSeconds: request.rememberDeviceSeconds ?? null,
        tokenAudiences: request.tokenAudiences ?? [],
        redirectUris: request.redirectUris ?? [],
        frameOrigins: request.frameOrigins ?? [],
      };
      refuseUnfit(application);
      if (!(await this.repository.add(executor, application, createdAt)))
        throw new OperatorError(
          `The realm "${request.realm}" already has an application "${request.name}". Choose another name, or make a key for it: watchword keys create.`,
        );
      await this.audit.record(executor, operator(application), {
        type: 'application.created',
        name: application.name,
      });
      return { application, apiKey: await this.addKey(executor, application, keyScopes, key) };
    });
  }

  /**
   * The first application with a key that may do everything, where there is none at all yet.
   *
   * @returns undefined where there is one, or another replica was making it at the same time
   */
  async createFirst(key: string | undefined) {
    if ((await this.repository.list()).length > 0) return undefined;
    try {
      return await this.create({ realm: FIRST_REALM, name: FIRST_APPLICATION }, scopes, key);
    } catch (error) {
      if (error instanceof OperatorError) return undefined;
      throw error;
    }
  }

  /**
   * Says for which services beside this one an application may get client tokens.
   *
   * @throws OperatorError if the application is unknown
   */
  async allowAudiences(id: string, tokenAudiences: readonly string[]): Promise<Application> {
    const application = await this.known(id);
    await this.database.transaction(async (executor) => {
      await this.repository.setTokenAudiences(executor, id, tokenAudiences);
      await this.audit.record(executor, operator(application), {
        type: 'application.audiences_allowed',
        audiences: tokenAudiences,
      });
    });
    return { ...application, tokenAudiences };
  }

  /**
   * Says where the hosted pages may send browsers back to, and who may frame them; what is left out stays.
   *
   * @throws OperatorError if the application is unknown
   */
  async setAddresses(
    id: string,
    request: Pick<ApplicationRequest, 'redirectUris' | 'frameOrigins'>,
  ): Promise<Application> {
    const application = await this.known(id);
    const { redirectUris = application.redirectUris, frameOrigins = application.frameOrigins } =
      request;
    await this.database.transaction(async (executor) => {
      await this.repository.setAddresses(executor, id, { redirectUris, frameOrigins });
      await this.audit.record(executor, operator(application), {
        type: 'application.addresses_set',
        redirectUris,
        frameOrigins,
      });
    });
    return { ...application, redirectUris, frameOrigins };
  }

  /**
   * Says for how long browsers are remembered; null: not at all. It holds for those remembered before as well:
   * a shorter time ends them sooner.
   *
   * @throws OperatorError if the application is unknown
   */
  async rememberDevices(id: string, seconds: number | null): Promise<Application> {
    const application = await this.known(id);
    await this.database.transaction(async (executor) => {
      await this.repository.setRememberDeviceSeconds(executor, id, seconds);
      await this.audit.record(executor, operator(application), {
        type: 'application.device_memory_set',
        seconds,
      });
    });
    return { ...application, rememberDeviceSeconds: seconds };
  }

  /**
   * Says which factor types an application accepts, which of them may earn `aal2`, and how fresh a proof adding
   * and removing factors needs; what is left out stays. It holds for the next proof and the next change of
   * factors: sessions keep what they were granted.
   *
   * @throws OperatorError if the application is unknown, or a type may earn `aal2` that is not accepted
   */
  async setAssurance(
    id: string,
    request: Pick<ApplicationRequest, 'factorTypes' | 'aal2Types'> & {
      readonly enrolProofSeconds?: number | null | undefined;
    },
  ): Promise<Application> {
    return this.database.transaction(async (executor) => {
      await this.repository.lock(executor, id);
      const application = await this.known(id, executor);
      const {
        factorTypes = application.factorTypes,
        aal2Types = application.aal2Types,
        enrolProofSeconds = application.enrolProofSeconds,
      } = request;
      const policy = { factorTypes, aal2Types, enrolProofSeconds };
      refuseUnfit(policy);
      await this.repository.setAssurance(executor, id, policy);
      await this.audit.record(executor, operator(application), {
        type: 'application.assurance_set',
        ...policy,
      });
      return { ...application, ...policy };
    });
  }

  /** @returns undefined where there is none of that id */
  find(id: string): Promise<Application | undefined> {
    return this.repository.find(id);
  }

  list(): Promise<Application[]> {
    return this.repository.list();
  }

  /**
   * Makes a further key; the application keeps working with the old one until that is revoked.
   *
   * @param key the key to use; left out, a random one is made
   * @throws OperatorError if the application is unknown or has two live keys
   */
  async createKey(
    applicationId: string,
    keyScopes: readonly Scope[],
    key?: string,
  ): Promise<IssuedKey> {
    const application = await this.known(applicationId);
    return this.database.transaction(async (executor) => {
      await this.repository.lock(executor, applicationId);
      if ((await this.repository.countLiveKeys(executor, applicationId)) >= LIVE_KEYS)
        throw new OperatorError(
          `The application has ${LIVE_KEYS} live keys already. Revoke one first: watchword keys revoke.`,
        );
      return this.addKey(executor, application, keyScopes, key);
    });
  }

  async listKeys(applicationId: string): Promise<ApiKeySummary[]> {
    await this.known(applicationId);
    return this.repository.listKeys(applicationId);
  }

  /** @throws OperatorError if no live key has that id */
  async revokeKey(keyId: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      const applicationId = await this.repository.revokeKey(executor, keyId, this.clock.now());
      if (applicationId === undefined)
        throw new OperatorError(
          `No live key has the id "${keyId}". See them with: watchword keys list.`,
        );
      const application = await this.known(applicationId, executor);
      await this.audit.record(executor, operator(application), { type: 'api_key.revoked', keyId });
    });
  }

  private async addKey(
    executor: Executor,
    application: Application,
    keyScopes: readonly Scope[],
    key = newApiKey(),
  ): Promise<IssuedKey> {
    const id = newId('key');
    await this.repository.addKey(executor, {
      id,
      applicationId: application.id,
      hash: hashApiKey(key),
      hint: hintOf(key),
      scopes: keyScopes,
      createdAt: this.clock.now(),
    });
    await this.audit.record(executor, operator(application), {
      type: 'api_key.created',
      keyId: id,
      scopes: keyScopes,
    });
    return { id, key, scopes: keyScopes };
  }

  /** @throws OperatorError if no application has that id */
  async known(applicationId: string, executor?: Executor): Promise<Application> {
    const application = await this.repository.find(applicationId, executor);
    if (application !== undefined) return application;
    throw new OperatorError(
      `No application has the id "${applicationId}". See them with: watchword applications list.`,
    );
  }
}

/** Who an audit event of the command line is by. */
export function operator({ realmId, id }: Pick<Application, 'realmId' | 'id'>) {
  return { realmId, applicationId: id, actor: 'operator', requestId: null };
}
