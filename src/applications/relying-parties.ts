import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { Audit, operatorOf } from '../audit/audit.js';
import { CONFIG, type Config } from '../config.js';
import { OperatorError } from '../errors.js';
import { Database } from '../storage/database.js';
import { faultOfFrameOrigin } from './return-address.js';

export const userVerifications = ['required', 'preferred', 'discouraged'] as const;
export type UserVerification = (typeof userVerifications)[number];

/** Who asks for a security key, and what it has to be (Web Authentication, "relying party"). */
export interface RelyingParty {
  /** The domain that keys are bound to: a key made for one says nothing to another. */
  readonly id: string;
  /** As the browser's dialogue shows it. */
  readonly name: string;
  /** Where the pages stand that may ask; never empty. */
  readonly origins: readonly string[];
  /** Whether the authenticator has to know its user, by PIN or fingerprint. */
  readonly userVerification: UserVerification;
  /** Models of authenticator that are accepted, each by its AAGUID; empty: every one, attested or not. */
  readonly aaguids: readonly string[];
}

/** What is left out stays; null takes it away. */
export interface RelyingPartyRequest {
  readonly webauthnRpId?: string | null | undefined;
  readonly webauthnRpName?: string | null | undefined;
  readonly webauthnOrigins?: readonly string[] | null | undefined;
  readonly webauthnUserVerification?: UserVerification | null | undefined;
  readonly webauthnAaguids?: readonly string[] | null | undefined;
}

/** An app of Android's says who it is by the hash of the certificate that signed it. */
const androidOrigin = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/;

/** Realms, as security keys see them. Where nothing is said, the hosted pages' own address is meant. */
@Injectable()
export class RelyingParties {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  async of(realmId: string): Promise<RelyingParty> {
    const row = await this.database.kysely
      .selectFrom('realms')
      .select([
        'name',
        'webauthn_rp_id',
        'webauthn_rp_name',
        'webauthn_origins',
        'webauthn_user_verification',
        'webauthn_aaguids',
      ])
      .where('id', '=', realmId)
      .executeTakeFirstOrThrow();
    const { hostname, origin } = new URL(this.config.publicUrl);
    const id = row.webauthn_rp_id ?? hostname;
    // The hosted pages are ours, and can ask wherever the browser lets them.
    const own = hostname === id || hostname.endsWith(`.${id}`) ? [origin] : [];
    return {
      id,
      name: row.webauthn_rp_name ?? row.name,
      origins: [...new Set([...own, ...row.webauthn_origins])],
      userVerification: row.webauthn_user_verification as UserVerification,
      aaguids: row.webauthn_aaguids,
    };
  }

  /**
   * Whether the hosted pages can ask for this realm's keys: browsers let only pages that nobody on the way can
   * change, and only those of the domain itself.
   */
  async canAskHere(realmId: string): Promise<boolean> {
    const { protocol, hostname, origin } = new URL(this.config.publicUrl);
    const isSafe = protocol === 'https:' || hostname === 'localhost';
    const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    return isSafe && !isAddress && (await this.of(realmId)).origins.includes(origin);
  }

  /** @throws OperatorError for an origin that is none */
  async update(realmId: string, request: RelyingPartyRequest): Promise<RelyingParty> {
    for (const origin of request.webauthnOrigins ?? []) {
      const fault = androidOrigin.test(origin) ? undefined : faultOfFrameOrigin(origin);
      if (fault !== undefined) throw new OperatorError(fault);
    }
    const changes = changesOf(request);
    const members = Object.keys(changes);
    if (members.length > 0)
      await this.database.transaction(async (executor) => {
        await executor.updateTable('realms').set(changes).where('id', '=', realmId).execute();
        await this.audit.record(executor, operatorOf(realmId), {
          type: 'realm.webauthn_changed',
          members,
        });
      });
    return this.of(realmId);
  }
}

function changesOf(request: RelyingPartyRequest) {
  const { webauthnRpId, webauthnRpName, webauthnOrigins } = request;
  const { webauthnUserVerification, webauthnAaguids } = request;
  return {
    ...(webauthnRpId !== undefined && { webauthn_rp_id: webauthnRpId }),
    ...(webauthnRpName !== undefined && { webauthn_rp_name: webauthnRpName }),
    ...(webauthnOrigins !== undefined && { webauthn_origins: [...(webauthnOrigins ?? [])] }),
    ...(webauthnUserVerification !== undefined && {
      webauthn_user_verification: webauthnUserVerification ?? 'preferred',
    }),
    ...(webauthnAaguids !== undefined && { webauthn_aaguids: [...(webauthnAaguids ?? [])] }),
  };
}
