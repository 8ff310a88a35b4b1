/**
 * Every column that holds sealed values, and how a row tells the place that its value is bound to
 * (crypto/place.ts). Whoever seals into a new column names it here: what is not here is not re-sealed, and is
 * lost with the old master key. A test compares the list with the schema.
 */

export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The primary key, whose parts with a blank between them are the row's id in the seal. */
  readonly key: readonly [string, ...string[]];
  /** SQL for the realm that the value is bound to. */
  readonly realm: string;
  /** The column of the user that it is bound to, where it is. */
  readonly user?: string;
  /** The column beside it with a keyed hash of the same text, to be made anew with it. */
  readonly hash?: string;
}

const EVERY_REALM = `'*'`;

export const sealedColumns = {
  'factors.secret': {
    table: 'factors',
    column: 'secret',
    key: ['id'],
    realm: 'realm_id',
    user: 'user_id',
    hash: 'lookup',
  },
  'hardware_tokens.secret': {
    table: 'hardware_tokens',
    column: 'secret',
    key: ['id'],
    realm: 'realm_id',
  },
  'bypass_codes.code': {
    table: 'bypass_codes',
    column: 'code',
    key: ['id'],
    realm: 'realm_id',
    user: 'user_id',
  },
  'challenges.phone': {
    table: 'challenges',
    column: 'phone',
    key: ['id'],
    realm: 'realm_id',
  },
  'messages.content': {
    table: 'messages',
    column: 'content',
    key: ['id'],
    realm: 'realm_id',
  },
  'inbox.content': {
    table: 'inbox',
    column: 'content',
    key: ['id'],
    realm: EVERY_REALM,
  },
  'signing_keys.private_key': {
    table: 'signing_keys',
    column: 'private_key',
    key: ['kid'],
    realm: EVERY_REALM,
  },
  'idempotency_answers.answer': {
    table: 'idempotency_answers',
    column: 'answer',
    key: ['application_id', 'key'],
    realm: '(SELECT a.realm_id FROM applications a WHERE a.id = application_id)',
  },
} as const satisfies Record<string, SealedColumn>;

export type SealedColumnName = keyof typeof sealedColumns;
export const sealedColumnNames = Object.keys(sealedColumns) as SealedColumnName[];
