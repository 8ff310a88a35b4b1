import { Injectable } from '@nestjs/common';
import { Audit, type AuditContext } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { sameBytes } from '../crypto/digest.js';
import { Envelope } from '../crypto/envelope.js';
import { FactorImport, type Planned } from '../factors/factor-import.js';
import { secretPlace, serial as serialShape } from '../hardware-tokens/hardware-token.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { Entry, FileToken } from '../token-files/token-file.js';
import { userId as userIdShape } from '../users/user.js';
import { ImportsRepository, type KnownToken, type NewToken } from './imports.repository.js';

/** Rows of one transaction: large enough that its commit does not count, small enough to be undone at once. */
export const BATCH = 500;

export interface ImportOptions {
  /** Of tokens that count. */
  readonly lookAhead: number;
  /** Whether users named beside a serial get that token, active at once; else it goes into stock. */
  readonly assignUsers: boolean;
  /** Only says what would happen. */
  readonly dryRun: boolean;
  /** Where they come from, for the audit. */
  readonly format: string;
}

/** What became of a row. */
export interface Outcome {
  readonly line: number;
  readonly serial: string | null;
  readonly user: string | null;
  readonly outcome: 'imported' | 'present' | 'refused';
  /** Why it was refused; null otherwise. */
  readonly reason: string | null;
}

/** A row whose names are good. */
interface Row {
  readonly entry: Entry;
  readonly serial: string | null;
  readonly userId: string | null;
  readonly token: FileToken;
}

type Verdict = Pick<Outcome, 'outcome' | 'reason'>;
const imported: Verdict = { outcome: 'imported', reason: null };
const present: Verdict = { outcome: 'present', reason: null };
const refused = (reason: string): Verdict => ({ outcome: 'refused', reason });

const OTHER_SECRET = 'Another token has this serial: its secret or its type differs.';
const NO_ROOM = 'The user has as many factors as are allowed.';
const TWICE = 'The user has this secret already, without this serial.';
const OVERTAKEN = 'Somebody else added this serial at the same moment. Import the file again.';

/** Ends a transaction that was only meant to show what would happen. */
class Undone extends Error {
  constructor(readonly outcomes: Outcome[]) {
    super('a dry run is over');
  }
}

/**
 * Tokens and factors that come by the file. A row is there as a whole or not at all, and a file that was
 * broken off is simply imported again: what is there already is told by serial and secret.
 */
@Injectable()
export class Imports {
  constructor(
    private readonly repository: ImportsRepository,
    private readonly factors: FactorImport,
    private readonly envelope: Envelope,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Imports rows in transactions of BATCH. @returns what became of each, in their order */
  async importAll(
    context: AuditContext,
    entries: readonly Entry[],
    options: ImportOptions,
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let start = 0; start < entries.length; start += BATCH)
      outcomes.push(
        ...(await this.importBatch(context, entries.slice(start, start + BATCH), options)),
      );
    return outcomes;
  }

  private async importBatch(
    context: AuditContext,
    entries: readonly Entry[],
    options: ImportOptions,
  ): Promise<Outcome[]> {
    try {
      return await this.database.transaction(async (executor) => {
        const outcomes = await this.importIn(executor, context, entries, options);
        if (options.dryRun) throw new Undone(outcomes);
        return outcomes;
      });
    } catch (error) {
      if (error instanceof Undone) return error.outcomes;
      throw error;
    }
  }

  private async importIn(
    executor: Executor,
    context: AuditContext,
    entries: readonly Entry[],
    options: ImportOptions,
  ): Promise<Outcome[]> {
    const now = this.clock.now();
    const { realmId } = context;
    const verdicts = new Map<Entry, Verdict>();
    const rows = entries.flatMap((entry) => {
      const row = rowOf(entry, options);
      if ('token' in row) return [row];
      verdicts.set(entry, row);
      return [];
    });
    const serials = rows.flatMap(({ serial }) => serial ?? []);
    const known = await this.repository.find(executor, realmId, serials);
    const unknown = rows.filter((row) => {
      const token = row.serial === null ? undefined : known.get(row.serial);
      if (token === undefined) return true;
      verdicts.set(row.entry, this.isSame(realmId, token, row) ? present : refused(OTHER_SECRET));
      return false;
    });

    const planned = await this.plan(executor, realmId, unknown, options, now);
    const wanted = unknown.filter((row) => {
      const verdict = verdictOn(row, planned.get(row));
      if (verdict !== undefined) verdicts.set(row.entry, verdict);
      return verdict === undefined;
    });
    const tokens = wanted.flatMap((row) =>
      row.serial === null
        ? []
        : [this.newToken(realmId, row, row.serial, planned.get(row)?.id ?? null, options)],
    );
    const added = await this.repository.add(executor, realmId, tokens, now);
    const done = new Set(wanted.filter(({ serial }) => serial === null || added.has(serial)));
    const factors = [...done].flatMap((row) => planned.get(row) ?? []);
    await this.factors.add(executor, context, factors, now);
    if (added.size > 0)
      await this.audit.record(executor, context, {
        type: 'hardware_tokens.imported',
        count: added.size,
        format: options.format,
      });
    for (const row of wanted)
      verdicts.set(row.entry, done.has(row) ? imported : refused(OVERTAKEN));

    return entries.map((entry) => ({
      line: entry.line,
      serial: entry.serial,
      user: entry.user,
      ...(verdicts.get(entry) ?? imported),
    }));
  }

  private async plan(
    executor: Executor,
    realmId: string,
    rows: readonly Row[],
    { lookAhead }: ImportOptions,
    now: Date,
  ): Promise<Map<Row, Planned>> {
    const bound = rows.filter(({ userId }) => userId !== null);
    if (bound.length === 0) return new Map();
    const brought = bound.map(({ userId, serial, token, entry }) => ({
      ...token,
      userId: userId ?? '',
      serial,
      lookAhead,
      name: shortened(entry.label),
    }));
    const planned = await this.factors.plan(executor, realmId, brought, now);
    return new Map(
      bound.flatMap((row, index) => {
        const plan = planned[index];
        return plan === undefined ? [] : [[row, plan] as const];
      }),
    );
  }

  private newToken(
    realmId: string,
    { entry, token }: Row,
    serial: string,
    factorId: string | null,
    { lookAhead }: ImportOptions,
  ): NewToken {
    const { type, algorithm, digits, period, counter, driftSteps } = token;
    const id = newId('hwt');
    return {
      ...{ id, serial, type, factorId, driftSteps },
      manufacturer: shortened(entry.manufacturer),
      model: shortened(entry.model),
      secret: this.envelope.seal(token.secret, secretPlace({ id, realmId })),
      parameters:
        type === 'hotp'
          ? { algorithm, digits, look_ahead: lookAhead }
          : { algorithm, digits, period },
      lastStep: type === 'hotp' ? counter - 1 : null,
    };
  }

  private isSame(realmId: string, known: KnownToken, { token }: Row): boolean {
    const secret = this.envelope.open(known.secret, secretPlace({ id: known.id, realmId }));
    return known.type === token.type && sameBytes(secret, token.secret);
  }
}

/** @returns the row, or why it cannot be imported */
function rowOf(entry: Entry, { assignUsers }: ImportOptions): Row | Verdict {
  if (entry.fault !== undefined) return refused(entry.fault);
  const serial = entry.serial === null ? null : serialShape.safeParse(entry.serial);
  if (serial?.success === false) return refused('Its serial is too long, or no text of ASCII.');
  const hasUser = entry.user !== null && (entry.serial === null || assignUsers);
  const user = !hasUser ? null : userIdShape.safeParse(entry.user);
  if (user?.success === false)
    return refused('Its user’s name is too long, or holds odd characters.');
  if (serial === null && user === null) return refused('It has neither a serial nor a user.');
  return {
    entry,
    serial: serial?.data ?? null,
    userId: user?.data ?? null,
    token: entry.token,
  };
}

/** @returns why a row is not imported, as far as its user is concerned */
function verdictOn({ serial }: Row, plan: Planned | undefined): Verdict | undefined {
  if (plan === undefined || plan.verdict === 'new') return undefined;
  if (plan.verdict === 'no_room') return refused(NO_ROOM);
  return serial === null ? present : refused(TWICE);
}

const NAME_CHARACTERS = 64;

/** Text of a file that will be shown: without what a screen would obey, and not longer than a name. */
function shortened(text: string | null): string | null {
  const shown = (text ?? '')
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ')
    .trim()
    .slice(0, NAME_CHARACTERS)
    .replace(/[\ud800-\udbff]$/, '');
  return shown === '' ? null : shown;
}
