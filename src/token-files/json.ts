/** JSON that other services export. Members are read where they are the object's own, and of no prototype. */
import { TokenFileError } from './token-file.js';

/**
 * A document, or one a line (JSON Lines), which is read as a list.
 *
 * @throws TokenFileError where it is neither
 */
export function readJson(text: string): unknown {
  const content = text.replace(/^\ufeff/, '').trim();
  try {
    return JSON.parse(content);
  } catch {
    return content
      .split('\n')
      .map((line, index) => (line.trim() === '' ? [] : [parsedLine(line, index + 1)]))
      .flat();
  }
}

function parsedLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new TokenFileError(`The file is no JSON: look at line ${number}.`);
  }
}

/** The member at the end of a path of names, undefined where there is none; of a list the first item's. */
export function memberAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (Array.isArray(found)) found = found[0] as unknown;
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name))
      return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** The text or number at the end of a path, as text; undefined for anything else and for nothing. */
export function textOfMember(value: unknown, ...path: readonly string[]): string | undefined {
  const found = memberAt(value, ...path);
  const single: unknown = Array.isArray(found) ? found[0] : found;
  if (typeof single === 'number') return String(single);
  return typeof single === 'string' && single !== '' ? single : undefined;
}

/** The items of the list at the end of a path; none where there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = memberAt(value, ...path);
  return Array.isArray(found) ? found : [];
}
