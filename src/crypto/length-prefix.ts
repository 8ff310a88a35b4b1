/**
 * Joins parts so that no two lists give the same text: each has its length in UTF-8 before it, so
 * ("ab", "c") is not ("a", "bc"). The exception is half a surrogate pair, which is written as U+FFFD; so
 * does the database, which could not hold the two as two rows.
 */
export function lengthPrefixed(...parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return text;
}
