/**
 * XML as PSKC files need it, and no more: elements, attributes, text. Read by saxes, strictly and piece by piece.
 * There is no document type (so no entity of anybody's, no external one, and nothing that multiplies), and a
 * bound on depth, so that a hostile file costs what its length costs.
 */
import { SaxesParser } from 'saxes';
import { TokenFileError } from './token-file.js';

const DEEPEST = 32;

/** Names in lower case and without prefixes; see pskc.ts. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** The text directly inside, trimmed. */
  readonly text: string;
}

interface Open {
  readonly line: number;
  readonly name: string;
  readonly attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/**
 * Reads a document.
 *
 * @param onElement is told of each element when it ends, with its depth (the root's is 0) and the line it
 *   begins in. What it returns true for is not kept: a long file does not have to stand in memory as a tree
 * @returns the root
 * @throws TokenFileError where the text is no XML, or has a document type
 */
export function readXml(
  text: string,
  onElement: (element: Element, depth: number, line: number) => boolean,
): Element {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: Open[] = [];
  let root: Element | undefined;
  const fail = (message: string): never => {
    throw new TokenFileError(message);
  };
  parser.on('error', () => fail(`The file is no XML: look at line ${parser.line}.`));
  parser.on('doctype', () => fail('The file has a document type (DOCTYPE): take it out.'));
  parser.on('opentag', ({ local, attributes }) => {
    if (open.length >= DEEPEST) fail(`The file is nested too deep at line ${parser.line}.`);
    const named = Object.values(attributes).map(
      ({ local: name, value }) => [name.toLowerCase(), value] as const,
    );
    open.push({
      line: parser.line,
      name: local.toLowerCase(),
      attributes: Object.assign(
        Object.create(null),
        Object.fromEntries(named),
      ) as Open['attributes'],
      children: [],
      text: '',
    });
  });
  const addText = (more: string) => {
    const inner = open.at(-1);
    if (inner !== undefined) inner.text += more;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed === undefined) return;
    const { line, ...rest } = closed;
    const element = { ...rest, text: rest.text.trim() };
    if (onElement(element, open.length, line)) return;
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  parser.write(text).close();
  return root ?? fail('The file is empty.');
}

/** The first element at the end of a path of names, or undefined. */
export function at(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  let found = element;
  for (const name of path) found = found?.children.find((child) => child.name === name);
  return found;
}

/** The text of the first element at the end of a path; undefined where there is none, or no text in it. */
export function textAt(element: Element | undefined, ...path: readonly string[]) {
  const text = at(element, ...path)?.text;
  return text === '' ? undefined : text;
}
