import { Inject, Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { randomToken } from '../crypto/random.js';
import { WatchwordError } from '../errors.js';
import { Database } from '../storage/database.js';
import {
  CODE_SECONDS,
  codeHash,
  linkHash,
  PAGE_SECONDS,
  pageHash,
  pageScopes,
  REPEAT_SECONDS,
  repeatHash,
  returnAddress,
  type Deed,
  type Link,
  type WaitingProof,
} from './link.js';
import { LinksRepository, type Change } from './links.repository.js';

/** A browser at the pages of a link. */
export interface Visit {
  readonly link: Link;
  /** The application, in whose name the pages ask the domain, with what the link lets them. */
  readonly caller: Caller;
}

/** The id that a browser shows for a link, where it has one. */
export type PageIdOf = (linkId: string) => string | undefined;

/** Links as browsers use them: opened in one, and left with something for the application. */
@Injectable()
export class Visits {
  constructor(
    private readonly repository: LinksRepository,
    private readonly applications: ApplicationsService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /**
   * Opens a link in the browser that shows it first; that one may open it again (S21).
   *
   * @returns the id that the browser is to show from now on; undefined where it has one
   * @throws WatchwordError `link_unknown`, `link_expired`, `link_used`
   */
  async open(
    token: string,
    pageIdOf: PageIdOf,
    requestId: string,
  ): Promise<Visit & { readonly pageId?: string }> {
    const hash = linkHash(token);
    const found = await this.repository.findByToken(hash);
    if (found === undefined) throw new WatchwordError('link_unknown');
    const now = this.clock.now();
    if (found.status === 'waiting' && found.expiresAt > now) {
      const opened = await this.openFirst(found, hash, requestId, now);
      if (opened !== undefined) return opened;
    }
    if (found.status === 'waiting' && found.expiresAt <= now)
      throw new WatchwordError('link_expired');
    const shown = pageIdOf(found.id);
    const link = shown && (await this.repository.findByPage(found.id, pageHash(shown)));
    if (!link) return this.refuseSecond(found, requestId);
    return this.visit(link, requestId);
  }

  /**
   * The visit of a browser that has opened the link.
   *
   * @throws WatchwordError `wrong_browser`, for a link that does not exist as well; `page_ended`
   */
  async of(linkId: string, pageId: string | undefined, requestId: string): Promise<Visit> {
    const link = pageId && (await this.repository.findByPage(linkId, pageHash(pageId)));
    if (!link) throw new WatchwordError('wrong_browser');
    return this.visit(link, requestId);
  }

  /** Remembers what the pages need to know with the next request. */
  async remember({ link }: Visit, change: Change): Promise<void> {
    await this.repository.change(link.id, change);
  }

  /** Remembers what was proved, for what the pages ask a proof for. */
  async prove({ link }: Visit, proof: WaitingProof): Promise<void> {
    await this.repository.prove(link.id, proof);
  }

  /**
   * The same for a proof by a form, with a new id for the browser: the one before is dead (S98).
   *
   * @returns the id that the browser is to show from now on
   */
  async proveHere(
    { link }: Visit,
    proof: WaitingProof,
    formToken: string,
    answer: string,
  ): Promise<string> {
    const pageId = randomToken();
    const kept = { ...proof, repeatHash: repeatHash(formToken, answer) };
    await this.repository.prove(link.id, kept, pageHash(pageId));
    return pageId;
  }

  /** The link in which the same form has proved something a moment ago. */
  async repeated(linkId: string, formToken: string, answer: string): Promise<Link | undefined> {
    const since = new Date(this.clock.now().getTime() - REPEAT_SECONDS * 1000);
    return this.repository.findByRepeat(linkId, repeatHash(formToken, answer), since);
  }

  /** The visit of a browser whose id has changed by the form that it sends again. @throws as `of` */
  async ofRepeat(
    linkId: string,
    formToken: string,
    answer: string,
    requestId: string,
  ): Promise<Visit> {
    const link = await this.repeated(linkId, formToken, answer);
    if (!link) throw new WatchwordError('wrong_browser');
    return this.visit(link, requestId);
  }

  /** Writes down for the application what was done. */
  async note({ link }: Visit, deed: Deed): Promise<void> {
    await this.repository.addDeed(link.id, deed);
  }

  /**
   * Ends the pages well. Asked again, as by a double click or where the way back was lost, it gives another
   * code, until the application has fetched what it stands for.
   *
   * @param proof what was proved; null where nothing was to be
   * @returns where the browser goes now
   * @throws WatchwordError `page_ended`
   */
  async finish({ link, caller }: Visit, proof: WaitingProof | null): Promise<string> {
    const code = randomToken();
    const endsAt = new Date(this.clock.now().getTime() + CODE_SECONDS * 1000);
    const stored = { hash: codeHash(code), endsAt };
    const isFirst = await this.database.transaction(async (executor) => {
      if (!(await this.repository.finish(executor, link.id, proof, stored))) return false;
      await this.audit.record(executor, auditContext(caller), {
        type: 'link.finished',
        userId: link.userId ?? proof?.userId ?? null,
        linkId: link.id,
      });
      return true;
    });
    if (!isFirst && !(await this.repository.renewCode(link.id, stored)))
      throw new WatchwordError('page_ended');
    return returnAddress(link, { code }, this.config.publicUrl);
  }

  /** Another code for what was finished before. @throws WatchwordError `page_ended` */
  async goBackAgain(visit: Visit): Promise<string> {
    if (visit.link.status !== 'done') throw new WatchwordError('page_ended');
    return this.finish(visit, null);
  }

  /**
   * Ends the pages without what they were for.
   *
   * @param error what the application is told, as RFC 6749 section 4.1.2.1 and OpenID Connect name it
   * @returns where the browser goes now
   * @throws WatchwordError `page_ended`
   */
  async breakOff(
    { link, caller }: Visit,
    error: 'access_denied' | 'temporarily_unavailable' | 'unmet_authentication_requirements',
  ): Promise<string> {
    await this.database.transaction(async (executor) => {
      if (!(await this.repository.breakOff(executor, link.id)))
        throw new WatchwordError('page_ended');
      await this.audit.record(executor, auditContext(caller), {
        type: 'link.broken_off',
        userId: link.userId,
        linkId: link.id,
        error,
      });
    });
    return returnAddress(link, { error }, this.config.publicUrl);
  }

  private async openFirst(
    found: Link,
    hash: Uint8Array,
    requestId: string,
    now: Date,
  ): Promise<(Visit & { readonly pageId: string }) | undefined> {
    const { caller } = await this.visit(found, requestId);
    // A new id with every opening: whatever the browser brought along opens nothing (S98).
    const pageId = randomToken();
    const page = {
      hash: pageHash(pageId),
      endsAt: new Date(now.getTime() + PAGE_SECONDS * 1000),
    };
    return this.database.transaction(async (executor) => {
      const link = await this.repository.open(executor, hash, page, now);
      if (link === undefined) return undefined;
      await this.audit.record(executor, auditContext(caller), {
        type: 'link.opened',
        userId: link.userId,
        linkId: link.id,
      });
      return { link, caller, pageId };
    });
  }

  private async refuseSecond(link: Link, requestId: string): Promise<never> {
    const { realmId, applicationId, id, userId } = link;
    const by = { realmId, applicationId, actor: id, requestId };
    await this.audit.record(this.database.kysely, by, {
      type: 'link.open_refused',
      userId,
      linkId: id,
    });
    throw new WatchwordError('link_used');
  }

  private async visit(link: Link, requestId: string): Promise<Visit> {
    const isOver = link.pageEndsAt !== null && link.pageEndsAt <= this.clock.now();
    if (isOver || link.status === 'over') throw new WatchwordError('page_ended');
    const application = await this.applications.find(link.applicationId);
    if (application === undefined) throw new Error('a link belongs to no application');
    const caller: Caller = {
      application,
      kind: 'link',
      credentialId: link.id,
      scopes: pageScopes[link.purpose],
      certificate: null,
      endsAt: null,
      requestId,
    };
    return { link, caller };
  }
}
