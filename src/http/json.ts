/**
 * The one body parser. Stricter than JSON.parse, because two parsers that read one text differently
 * are an old way around a check: duplicate keys are refused, and so are `__proto__` and its kin (S120).
 */
import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import { WatchwordError } from '../errors.js';

const DEEPEST = 16;
/** secure-json-parse takes it off in silence; RFC 8259 sends none. */
const BYTE_ORDER_MARK = '\ufeff';
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
export function parseJson(body: Buffer): unknown {
  // Decoding would put one and the same sign for all that is no text, and make two names one.
  if (!isUtf8(body)) throw new WatchwordError('malformed_json');
  const text = body.toString();
  if (text.startsWith(BYTE_ORDER_MARK)) throw new WatchwordError('malformed_json');
  const value = parsed(text);
  if (!isBounded(value, 0) || countKeys(value) !== countMembers(text))
    throw new WatchwordError('malformed_json');
  return value;
}

function parsed(text: string): unknown {
  try {
    return secureJson.parse(text, { protoAction: 'error', constructorAction: 'error' }) as unknown;
  } catch (error) {
    throw new WatchwordError('malformed_json', {}, error);
  }
}

function isBounded(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < DEEPEST && Object.values(value).every((member) => isBounded(member, depth + 1));
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, member) => sum + countKeys(member), own);
}

/**
 * The members of all objects as they were written: colons outside of strings. Of a key that stands
 * twice JSON.parse keeps one, so the keys of what it read are fewer.
 *
 * @param json what JSON.parse has accepted
 */
function countMembers(json: string): number {
  let members = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character === '"') inString = !inString;
    else if (character === '\\') index++;
    else if (character === ':' && !inString) members++;
  }
  return members;
}
