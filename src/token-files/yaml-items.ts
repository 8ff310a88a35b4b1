/**
 * Long lists in YAML, item by item: exports are one list of small mappings, and a tree of all of them would be
 * a hundred times the file. Each item is read by the `yaml` package, everything as text, without aliases.
 */
import { parse } from 'yaml';
import { RowError, TokenFileError } from './token-file.js';

export interface YamlItem {
  /** Where it begins; from 1. */
  readonly line: number;
  /** @throws RowError where it is no YAML */
  read(): unknown;
}

/** What one token may take: the parser needs a thousand times as long as the text is. */
const LONGEST_ITEM = 64 * 1024;

const ITEM = /^( *)-(?: |$)/;

/**
 * The items of the list under a key of the document, or of the document itself where there is no key.
 *
 * @throws TokenFileError where there is no such list
 */
export function* yamlItems(text: string, key?: string): Iterable<YamlItem> {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  let index = key === undefined ? 0 : lines.findIndex((line) => line.trimEnd() === `${key}:`) + 1;
  while (isNothing(lines[index])) index += 1;
  const indent = ITEM.exec(lines[index] ?? '')?.[1];
  if (indent === undefined || (key !== undefined && index === 0))
    throw new TokenFileError(
      `The file has no list${key === undefined ? '' : ` under "${key}:"`}: leave it as it was exported.`,
    );
  while (index < lines.length) {
    const start = index;
    do index += 1;
    while (index < lines.length && belongs(lines[index] ?? '', indent));
    const content = lines.slice(start, index).join('\n');
    if (ITEM.exec(lines[start] ?? '')?.[1] !== indent)
      throw new TokenFileError(`The list ends at line ${start + 1}, and something follows it.`);
    yield { line: start + 1, read: () => parsed(content) };
  }
}

function isNothing(line: string | undefined): boolean {
  return line !== undefined && /^\s*(?:#.*|---.*|%.*)?$/.test(line);
}

/** Whether a line goes on with the item before it. */
function belongs(line: string, indent: string): boolean {
  return line.trim() === '' || /^\s*#/.test(line) || line.startsWith(`${indent} `);
}

function parsed(content: string): unknown {
  if (content.length > LONGEST_ITEM) throw new RowError('It is too long to be a token.');
  try {
    const [item] = parse(content, {
      schema: 'failsafe',
      maxAliasCount: 0,
      logLevel: 'error',
    }) as unknown[];
    return item;
  } catch {
    throw new RowError('It is no YAML: leave it as it was exported.');
  }
}
