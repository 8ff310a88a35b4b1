import type { ColumnType, Generated } from 'kysely';

/** jsonb that comes later: written as text, read as a value. */
type LaterJson<Value> = ColumnType<Value | null, string | null | undefined, string | null>;

/** A link to the hosted pages, with what is done on them until the application has fetched it. */
export interface LinkRow {
  id: string;
  realm_id: string;
  application_id: string;
  /** Null for a login without a name, until the proof says whose it is. */
  user_id: string | null;
  purpose: string;
  status: string;
  /** SHA-256 of the link's token. */
  token_hash: Uint8Array;
  redirect_uri: string;
  state: string | null;
  /** Factor types that it is restricted to; null: the application's. */
  types: string[] | null;
  locale: string | null;
  first_factor: string[];
  transaction: ColumnType<Record<string, unknown> | null, string | null, string | null>;
  created_at: Date;
  expires_at: Date;
  /** SHA-256 of the page session's id, of the browser that opened it. */
  page_hash: Generated<Uint8Array | null>;
  page_ends_at: Generated<Date | null>;
  /** The way that is being tried; and the challenge of each that was. */
  way: Generated<string | null>;
  challenges: ColumnType<Record<string, string>, string | undefined, string>;
  /** What the page has to say when it is shown next. */
  notice: LaterJson<Record<string, unknown>>;
  /** What has been done on the pages. */
  deeds: ColumnType<Record<string, unknown>[], string | undefined, string>;
  /** What was proved, until the token is issued; and by which factor. */
  proof: LaterJson<Record<string, unknown>>;
  factor_id: Generated<string | null>;
  /** SHA-256 of the code that the browser has brought back. */
  code_hash: Generated<Uint8Array | null>;
  code_ends_at: Generated<Date | null>;
  exchanged_at: Generated<Date | null>;
}
