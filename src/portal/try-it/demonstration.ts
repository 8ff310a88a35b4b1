import { createHmac } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { hashApiKey } from '../../applications/api-key.js';
import type { Application, Caller } from '../../applications/application.js';
import { ApplicationsService } from '../../applications/applications.service.js';
import { Callers } from '../../applications/callers.js';
import { CONFIG, type Config } from '../../config.js';
import { Keyring } from '../../crypto/keyring.js';
import { OperatorError, WatchwordError } from '../../errors.js';

/** Authenticator apps show the realm. */
const REALM = 'Watchword demo';
const NAME = 'Try it';

const SCOPES = ['verify', 'enrol'] as const;

/** Whether a service so configured is there to be tried out: no production, and no message leaves the machine. */
export function isForTrying({
  production,
  smsProviders,
}: Pick<Config, 'production' | 'smsProviders'>): boolean {
  return !production && smsProviders.join() === 'console';
}

/** Who the page asks as, and the key with which the same is asked by curl. */
export interface Demonstrator {
  readonly caller: Caller;
  readonly key: string;
}

/**
 * The application that the page plays. It stands in a realm of its own, so its key, which the page shows, is
 * good for nothing of anybody else's (S106). It is there only where codes to phones stay on this machine, or
 * the key would be good for sending: anywhere else, production included, a start revokes what an earlier one
 * has made.
 */
@Injectable()
export class Demonstration implements OnApplicationBootstrap {
  /** Whether there is one here at all. */
  readonly isShown: boolean;

  constructor(
    private readonly applications: ApplicationsService,
    private readonly callers: Callers,
    private readonly keyring: Keyring,
    @Inject(CONFIG) config: Pick<Config, 'production' | 'smsProviders'>,
  ) {
    this.isShown = isForTrying(config);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.isShown) return;
    const application = (await this.applications.list()).find(isOurs);
    if (application !== undefined) await this.revokeAll(application);
  }

  /** Makes the application at the first visit, and another key where the one before is gone. */
  async open(requestId: string): Promise<Demonstrator> {
    const application = await this.application();
    const keys = await this.applications.listKeys(application.id);
    const key = this.keyOf(keys.length);
    const holder = await this.callers.ofKey(hashApiKey(key));
    if (holder !== undefined) return { caller: { ...holder, requestId }, key };
    await this.revokeAll(application);
    const next = this.keyOf(keys.length + 1);
    await this.applications.createKey(application.id, SCOPES, next);
    const renewed = await this.callers.ofKey(hashApiKey(next));
    if (renewed === undefined) throw new WatchwordError('overloaded');
    return { caller: { ...renewed, requestId }, key: next };
  }

  private async application(): Promise<Application> {
    const all = await this.applications.list();
    const known = all.find(isOurs);
    if (known !== undefined) return known;
    // The service's own first application comes first, or there would be none.
    if (all.length === 0) throw new WatchwordError('overloaded');
    try {
      const request = { realm: REALM, name: NAME };
      return (await this.applications.create(request, SCOPES, this.keyOf(1))).application;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      // Another replica was making it at the same time.
      return (await this.applications.list()).find(isOurs) ?? Promise.reject(error);
    }
  }

  private async revokeAll({ id }: Application): Promise<void> {
    for (const key of await this.applications.listKeys(id))
      if (key.revokedAt === null)
        await this.applications.revokeKey(key.id).catch((error: unknown) => {
          // Another replica has done it.
          if (!(error instanceof OperatorError)) throw error;
        });
    this.callers.forget();
  }

  /**
   * The key that is the application's so-manieth. Made from the master key and not kept: the page can show it
   * again, on every replica the same.
   */
  private keyOf(count: number): string {
    const secret = this.keyring.derive(this.keyring.currentId, 'demonstration');
    if (secret === undefined) throw new Error('the key that writes is in its ring');
    return `ww_try_${createHmac('sha256', secret).update(String(count)).digest('base64url')}`;
  }
}

function isOurs({ realmName, name }: Application): boolean {
  return realmName === REALM && name === NAME;
}
