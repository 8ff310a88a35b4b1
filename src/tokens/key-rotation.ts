import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit } from '../audit/audit.js';
import type { AuditEvent } from '../audit/event.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { OperatorError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { firstSignature, isDue, isOver, isPublished, stateOf, type KeyTimes } from './key-life.js';
import { makeKey } from './signing-key.js';
import { SigningKeys } from './signing-keys.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

/** A key that was made, and from when it signs. */
export interface Succession {
  readonly kid: string;
  readonly signsAt: Date;
}

type Actor = 'operator' | 'service';

/**
 * Makes signing keys and ends them. Each change holds the table of keys: replicas whose clocks strike at once
 * change it one after the other, and the second finds that there is nothing left to do.
 */
@Injectable()
export class KeyRotation implements OnApplicationBootstrap {
  constructor(
    private readonly repository: SigningKeysRepository,
    private readonly keys: SigningKeys,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'signingKeyDays'>,
  ) {}

  /** The first key of an installation signs at once: nobody has an older set of keys. */
  async onApplicationBootstrap(): Promise<void> {
    if ((await this.keys.reload()).length > 0) return;
    await this.database.transaction(async (executor) => {
      const known = await this.repository.hold(executor);
      if (known.length === 0) await this.add(executor, this.clock.now(), 'service');
    });
    await this.keys.reload();
  }

  /** What a replica does every few seconds: reads the keys, and makes the next one when that is due. */
  async tend(): Promise<void> {
    const now = this.clock.now();
    const keys = await this.keys.reload();
    if (newestOf(keys).every((newest) => !isDue(newest, this.config.signingKeyDays, now))) return;
    await this.succeed('service', (newest) => isDue(newest, this.config.signingKeyDays, now));
  }

  /**
   * Makes the next key now, whenever it would have been due.
   *
   * @throws OperatorError if there is a next key already
   */
  async rotate(): Promise<Succession> {
    const made = await this.succeed('operator', ({ signsAt }) => signsAt <= this.clock.now());
    if (made !== undefined) return made;
    throw new OperatorError(
      'A key is pending already and will sign by itself. See when with: watchword keys list.',
    );
  }

  /**
   * Ends a key before its time. Where it was the one that signs, the pending key signs at once, or a new one.
   *
   * @returns the key that took its place; undefined where another one goes on signing
   * @throws OperatorError if no key of that id is published
   */
  async revoke(kid: string): Promise<Succession | undefined> {
    const successor = await this.database.transaction(async (executor) => {
      const now = this.clock.now();
      const keys = await this.repository.hold(executor);
      const key = keys.find((one) => one.kid === kid);
      if (key === undefined || !isPublished(key, now))
        throw new OperatorError(
          `No published key has the id "${kid}". See them with: watchword keys list.`,
        );
      await this.repository.set(executor, kid, { revokedAt: now });
      await this.note(executor, 'operator', { type: 'signing_key.revoked', kid });
      switch (stateOf(key, keys, now)) {
        case 'active':
          return this.takeOver(executor, keys, now);
        case 'pending':
          return this.goOn(executor, keys, key);
        default:
          return undefined;
      }
    });
    await this.keys.reload();
    return successor;
  }

  /** Deletes the rows of keys that are gone and whose tokens are all over. @returns how many */
  async removeOver(): Promise<number> {
    return this.database.transaction(async (executor) => {
      const now = this.clock.now();
      const over = (await this.repository.hold(executor)).filter((key) => isOver(key, now));
      if (over.length === 0) return 0;
      await this.repository.remove(
        executor,
        over.map(({ kid }) => kid),
      );
      for (const { kid } of over)
        await this.note(executor, 'service', { type: 'signing_key.deleted', kid });
      return over.length;
    });
  }

  private async succeed(
    actor: Actor,
    wants: (newest: KeyTimes) => boolean,
  ): Promise<Succession | undefined> {
    const made = await this.database.transaction(async (executor) => {
      const [newest] = newestOf(await this.repository.hold(executor));
      if (newest === undefined || !wants(newest)) return undefined;
      const signsAt = firstSignature(this.clock.now());
      await this.repository.set(executor, newest.kid, { retiresAt: signsAt });
      return this.add(executor, signsAt, actor);
    });
    await this.keys.reload();
    return made;
  }

  /** The signing key was revoked: who has read the published set lately knows the pending one already. */
  private async takeOver(executor: Executor, keys: readonly KeyTimes[], now: Date) {
    const pending = keys.find((key) => stateOf(key, keys, now) === 'pending');
    if (pending === undefined) return this.add(executor, now, 'operator');
    await this.repository.set(executor, pending.kid, { signsAt: now });
    return { kid: pending.kid, signsAt: now };
  }

  /** The pending key was revoked: the one before it has no successor any more. */
  private async goOn(executor: Executor, keys: readonly KeyTimes[], { signsAt }: KeyTimes) {
    const before = keys.find(
      ({ retiresAt, revokedAt }) =>
        revokedAt === null && retiresAt?.getTime() === signsAt.getTime(),
    );
    if (before !== undefined) await this.repository.set(executor, before.kid, { retiresAt: null });
    return undefined;
  }

  private async add(executor: Executor, signsAt: Date, actor: Actor): Promise<Succession> {
    const key = makeKey();
    await this.repository.add(executor, key, { publishedAt: this.clock.now(), signsAt });
    await this.note(executor, actor, { type: 'signing_key.created', kid: key.kid, signsAt });
    return { kid: key.kid, signsAt };
  }

  private note(executor: Executor, actor: Actor, event: AuditEvent): Promise<void> {
    return this.audit.recordEverywhere(executor, actor, event);
  }
}

/** The key without a successor. */
function newestOf<Key extends KeyTimes>(keys: readonly Key[]): Key[] {
  return keys.filter(({ retiresAt, revokedAt }) => retiresAt === null && revokedAt === null);
}
