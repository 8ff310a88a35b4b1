/**
 * The one body parser. Stricter than JSON.parse, because two parsers that read one text differently
 * are an old way around a check: duplicate keys are refused, and so are `__proto__` and its kin (S120).
 */
import { parse as parseStrictly } from 'lossless-json';
import secureJson from 'secure-json-parse';
import { WatchwordError } from '../errors.js';

const DEEPEST = 16;
/** One media type, and no spelling of it with a tab, a blank or an odd parameter (S118). */
const jsonType = /^application\/json(; ?charset=utf-8)?$/i;

/** Whether a Content-Type header says JSON, and nothing but it. */
export function isJsonType(header: string | undefined): boolean {
  return header !== undefined && jsonType.test(header);
}

/**
 * Reads a body.
 *
 * @throws WatchwordError `malformed_json`
 */
export function parseJson(text: string): unknown {
  const value = parsed(text);
  if (!isBounded(value, 0)) throw new WatchwordError('malformed_json');
  return value;
}

function parsed(text: string): unknown {
  try {
    // Knows duplicate keys, which JSON.parse takes in silence.
    parseStrictly(text, undefined, { parseNumber: Number, onDuplicateKey: refuseDuplicate });
    return secureJson.parse(text, { protoAction: 'error', constructorAction: 'error' }) as unknown;
  } catch (error) {
    throw new WatchwordError('malformed_json', {}, error);
  }
}

function refuseDuplicate(): never {
  throw new SyntaxError('duplicate key');
}

function isBounded(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < DEEPEST && Object.values(value).every((member) => isBounded(member, depth + 1));
}
