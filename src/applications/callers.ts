import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock.js';
import { isIdOf } from '../storage/ids.js';
import type { Holder } from './application.js';
import { ApplicationsRepository } from './applications.repository.js';
import type { NamedCertificate } from './certificate-binding.js';
import { CertificatesRepository } from './certificates.repository.js';

/** A revoked key or client token is refused on every replica after at most this long. */
export const CALLER_KEPT_MS = 5_000;
const LAST_USED_EVERY_MS = 60_000;
const MOST_CALLERS = 10_000;

interface Entry {
  readonly holder: Promise<Holder | undefined>;
  until: number;
}

/**
 * Knows who a credential belongs to. An accepted one is remembered for a few seconds, so that a login
 * does not ask the database who is calling; an unknown one is asked about each time, which the limit
 * on failing addresses keeps rare.
 */
@Injectable()
export class Callers implements OnApplicationShutdown {
  /** By the names of credentials (credential.ts). */
  private readonly known = new Map<string, Entry>();
  /** Names of credentials that were accepted once and not refused since. */
  private readonly accepted = new Set<string>();
  private readonly used = new Map<string, Date>();
  private noteAfter = 0;

  constructor(
    private readonly repository: ApplicationsRepository,
    private readonly certificates: CertificatesRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * @param name of the credential
   * @param find asks whose it is, where that is not remembered
   * @returns undefined if no live credential has that name
   */
  async identify(
    name: string,
    find: () => Promise<Holder | undefined>,
  ): Promise<Holder | undefined> {
    const now = this.clock.now();
    const holder = await this.recall(name, now.getTime(), find);
    if (holder !== undefined && holder.kind !== 'client_token')
      this.noteUse(holder.credentialId, now);
    return holder;
  }

  /** Whose the API key of that hash is. */
  ofKey(hash: string): Promise<Holder | undefined> {
    return this.identify(hash, () => this.repository.findHolder(hash));
  }

  /**
   * Whose a certificate is. Where bindings of it name several applications it is nobody's; of those that
   * name one, its thumbprint's counts before a name's, and the oldest first.
   *
   * @param name of the credential: another one where other names in it are believed
   */
  ofCertificate(name: string, certificate: NamedCertificate): Promise<Holder | undefined> {
    return this.identify(name, async () => {
      const bindings = await this.certificates.findBindings(certificate);
      if (new Set(bindings.map(({ applicationId }) => applicationId)).size !== 1) return undefined;
      const binding = bindings.find(({ kind }) => kind === 'thumbprint') ?? bindings[0];
      const holder = binding && (await this.certificates.findHolderById(binding.id));
      return holder && { ...holder, certificate: certificate.thumbprint };
    });
  }

  /** Whose the key (`key_…`) or binding (`crt_…`) of that id is; undefined where it has been revoked. */
  async ofCredential(id: string): Promise<Omit<Holder, 'certificate'> | undefined> {
    return isIdOf('crt', id)
      ? this.certificates.findHolderById(id)
      : this.repository.findHolderById(id);
  }

  /**
   * Whether this process has accepted the credential before. It says who may still ask while an address
   * is shut out, not that the credential is good now.
   */
  hasAccepted(name: string): boolean {
    return this.accepted.has(name);
  }

  /** Forgets everybody, so that what has just been changed holds at once in this process. */
  forget(): void {
    this.known.clear();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writeUses().catch(() => undefined);
  }

  private recall(
    name: string,
    now: number,
    find: () => Promise<Holder | undefined>,
  ): Promise<Holder | undefined> {
    const known = this.known.get(name);
    // A clock that was set back must not keep an entry alive.
    if (known !== undefined && now < known.until && known.until - now <= CALLER_KEPT_MS)
      return known.holder;
    const holder = find();
    if (this.known.size >= MOST_CALLERS) this.known.clear();
    const entry = { holder, until: now + CALLER_KEPT_MS };
    this.known.set(name, entry);
    holder.then(
      (found) => {
        this.settle(name, entry, found);
      },
      () => this.known.delete(name),
    );
    return holder;
  }

  private settle(name: string, entry: Entry, found: Holder | undefined): void {
    if (found === undefined) {
      this.known.delete(name);
      this.accepted.delete(name);
      return;
    }
    // Nothing is good for longer than it says itself.
    if (found.endsAt !== null) entry.until = Math.min(entry.until, found.endsAt.getTime());
    if (this.accepted.size >= MOST_CALLERS) this.accepted.clear();
    this.accepted.add(name);
  }

  private noteUse(credentialId: string, now: Date): void {
    this.used.set(credentialId, now);
    if (now.getTime() < this.noteAfter) return;
    this.noteAfter = now.getTime() + LAST_USED_EVERY_MS;
    // The time of last use is for the operator's eye: losing a note is no reason to refuse a login.
    this.writeUses().catch(() => undefined);
  }

  private async writeUses(): Promise<void> {
    if (this.used.size === 0) return;
    const uses = new Map(this.used);
    this.used.clear();
    const isBinding = ([id]: [string, Date]) => id.startsWith('crt_');
    const [bindings, keys] = [
      [...uses].filter(isBinding),
      [...uses].filter((use) => !isBinding(use)),
    ];
    if (keys.length > 0) await this.repository.markUsed(new Map(keys));
    if (bindings.length > 0) await this.certificates.markUsed(new Map(bindings));
  }
}
