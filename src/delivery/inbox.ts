import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { Envelope } from '../crypto/envelope.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { Letter } from './provider.js';

export interface InboxEntry {
  readonly id: string;
  readonly to: string;
  readonly channel: string;
  readonly body: string;
  /** Absent in a notice. */
  readonly code?: string;
  /** What the code is for: the purpose of its challenge. */
  readonly purpose?: string;
  readonly sentAt: Date;
}

const KEPT = 100;

/** What the console provider "sent": the latest messages, for whoever tries the service out. */
@Injectable()
export class Inbox {
  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly clock: Clock,
  ) {}

  /** @returns the id of the entry */
  async add({ to, channel, text: body, code, purpose }: Letter): Promise<string> {
    const id = newId('msg');
    const content = Buffer.from(JSON.stringify({ to, channel, body, code, purpose }));
    const { kysely } = this.database;
    await kysely
      .insertInto('inbox')
      .values({ id, content: this.envelope.seal(content, placeOf(id)), sent_at: this.clock.now() })
      .execute();
    const kept = kysely.selectFrom('inbox').select('id').orderBy('id', 'desc').limit(KEPT);
    await kysely.deleteFrom('inbox').where('id', 'not in', kept).execute();
    return id;
  }

  /** The latest first. */
  async list(): Promise<InboxEntry[]> {
    const rows = await this.database.kysely
      .selectFrom('inbox')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(KEPT)
      .execute();
    return rows.map(({ id, content, sent_at: sentAt }) => {
      const opened = this.envelope.open(content, placeOf(id)).toString();
      return { id, sentAt, ...(JSON.parse(opened) as Omit<InboxEntry, 'id' | 'sentAt'>) };
    });
  }
}

function placeOf(rowId: string) {
  return { table: 'inbox', column: 'content', realmId: '*', rowId };
}
