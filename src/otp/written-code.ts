/** One-time passwords that are written down: recovery codes, and what an operator reads out. */
import { randomBytes } from 'node:crypto';
import { SEPARATOR } from './code.js';

/** Crockford's base32 without its check symbols: no I, L, O and U, which look or sound like others. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS_A_SYMBOL = 5;
const GROUP = 4;

/** What is read, or typed, in the place of a symbol that there is; U is taken for the V it resembles. */
const LOOK_ALIKES: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1', U: 'V' };

/** Kinds of written codes by how long they are, which is what tells one that was typed. */
export const writtenLengths = {
  /** 80 bits (S65 wants 64). */
  recovery: 16,
  /** 60 bits, for something that ends within a day and is guessed at a hundred times at most. */
  bypass: 12,
} as const;
export type WrittenKind = keyof typeof writtenLengths;

/** @returns uniform symbols from the CSPRNG, without separators */
export function randomWrittenCode(kind: WrittenKind): string {
  const bytes = randomBytes(writtenLengths[kind]);
  return Array.from(bytes, (byte) => ALPHABET[byte % 2 ** BITS_A_SYMBOL]).join('');
}

/** As it is shown: in groups of four. */
export function inGroups(code: string): string {
  return code.replace(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-');
}

/**
 * The code as it is compared, whatever way it was typed: case, separators, full-width letters and symbols that
 * look like another do not matter.
 *
 * @returns the symbols alone, or null where it is none of this kind
 */
export function readWrittenCode(input: string, kind: WrittenKind): string | null {
  let code = '';
  for (const character of input.normalize('NFKC').toUpperCase()) {
    if (SEPARATOR.test(character)) continue;
    const symbol = LOOK_ALIKES[character] ?? character;
    if (!ALPHABET.includes(symbol)) return null;
    code += symbol;
    if (code.length > writtenLengths[kind]) return null;
  }
  return code.length === writtenLengths[kind] ? code : null;
}

/** Which kind it is, of a code that was read; undefined for digits. */
export function writtenKindOf(code: string): WrittenKind | undefined {
  const kinds = Object.keys(writtenLengths) as WrittenKind[];
  return kinds.find((kind) => writtenLengths[kind] === code.length);
}
