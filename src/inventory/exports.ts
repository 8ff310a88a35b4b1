import { Injectable } from '@nestjs/common';
import { Audit, type AuditContext } from '../audit/audit.js';
import { Envelope } from '../crypto/envelope.js';
import { secretPlace as factorPlace } from '../factors/method.js';
import { secretPlace as tokenPlace } from '../hardware-tokens/hardware-token.js';
import { Database } from '../storage/database.js';
import { pskcKey, type WriterKeys } from '../token-files/pskc-writer.js';
import { ExportsRepository, type StoredToken } from './exports.repository.js';

/** Keys of one page, of one transaction and of one message to the command line. */
export const PAGE = 500;

/** Where an export is: first the inventory by serial, then what is in no inventory by the factor's id. */
export interface ExportPlace {
  readonly part: 'tokens' | 'factors';
  readonly after: string;
}

export interface ExportPage {
  /** As they stand in the file, sealed. */
  readonly keys: readonly string[];
  /** Null at the end. */
  readonly next: ExportPlace | null;
}

/**
 * Everything that shows one-time passwords, for those who leave: sealed here, so that no secret leaves the service
 * in the open (S19). Lost tokens stay, for elsewhere they would be in stock again.
 */
@Injectable()
export class Exports {
  constructor(
    private readonly repository: ExportsRepository,
    private readonly envelope: Envelope,
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  /** A page of the file. It is in the audit before anybody has it. */
  async page(
    context: AuditContext,
    keys: WriterKeys,
    { part, after }: ExportPlace,
  ): Promise<ExportPage> {
    const { realmId } = context;
    const found = await this.database.transaction(async (executor) => {
      const read = part === 'tokens' ? 'tokensAfter' : 'factorsAfter';
      const tokens = await this.repository[read](executor, realmId, after, PAGE);
      await this.audit.recordAll(executor, this.events(context, tokens));
      return tokens;
    });
    const last = found.at(-1);
    return {
      keys: found.map((token) => this.written(token, keys)),
      next: nextPlace(part, found.length === PAGE ? (last?.serial ?? last?.id) : undefined),
    };
  }

  private events(context: AuditContext, tokens: readonly StoredToken[]) {
    const format = 'pskc';
    const count = tokens.filter(({ holder }) => holder === null).length;
    const rows = tokens.flatMap(({ holder, type }) =>
      holder === null
        ? []
        : [
            this.audit.row(context, {
              ...{ type: 'factor.exported', format, factorType: type },
              ...{ userId: holder.userId, factorId: holder.factorId },
            }),
          ],
    );
    if (count === 0) return rows;
    return [...rows, this.audit.row(context, { type: 'hardware_tokens.exported', count, format })];
  }

  private written(token: StoredToken, keys: WriterKeys): string {
    const { id, realmId, serial, type, manufacturer, model, parameters, holder } = token;
    const userId = holder?.userId ?? '';
    const place = serial === null ? factorPlace({ id, realmId, userId }) : tokenPlace(token);
    return pskcKey(
      {
        ...{ id, serial, type, manufacturer, model, user: holder?.userId ?? null },
        label: holder === null || holder.name === '' ? null : holder.name,
        secret: this.envelope.open(token.secret, place),
        algorithm: parameters.algorithm,
        digits: parameters.digits,
        period: parameters.period ?? 30,
        counter: type === 'hotp' ? (token.lastStep ?? -1) + 1 : 0,
        driftSteps: token.driftSteps,
      },
      keys,
    );
  }
}

function nextPlace(part: ExportPlace['part'], after: string | undefined): ExportPlace | null {
  if (after !== undefined) return { part, after };
  return part === 'tokens' ? { part: 'factors', after: '' } : null;
}
