import { lengthPrefixed } from './length-prefix.js';

/** Where a sealed value stands. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly realmId: string;
  readonly rowId: string;
  /** Left out where a row belongs to no user. */
  readonly userId?: string;
}

/**
 * What is authenticated with a sealed value: its place and the id of its key (S111). No two places give the
 * same bytes: each member has its length before it, and an empty user is not the same as none.
 */
export function additionalData(place: Place, keyId: string): Buffer {
  const { table, column, realmId, userId, rowId } = place;
  const user = userId === '' ? '-:' : lengthPrefixed(userId ?? '');
  const before = lengthPrefixed(table, column, realmId);
  return Buffer.from(before + user + lengthPrefixed(rowId, keyId));
}
