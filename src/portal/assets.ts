import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../crypto/digest.js';

export interface Asset {
  readonly content: string;
  /** The same by gzip (RFC 1952). It is the same for everybody, so its length gives nothing away. */
  readonly packed: Buffer;
  readonly type: string;
}

const STYLE = 'page.css';

/** Beside this file; or in the bundle, where the build has put them. */
const folder =
  [import.meta.dirname, join(import.meta.dirname, 'modules/portal')].find((place) =>
    existsSync(join(place, STYLE)),
  ) ?? import.meta.dirname;

/** The styles and the scripts of the pages, by the names they are served under: what changes gets a new one. */
const assets = new Map<string, Asset>();
const servedAs = new Map<string, string>();

for (const file of readdirSync(folder).filter((name) => name.endsWith('.css')))
  add(file, readFileSync(join(folder, file), 'utf8'), 'text/css');
for (const file of readdirSync(join(folder, 'scripts')))
  add(file, readFileSync(join(folder, 'scripts', file), 'utf8'), 'text/javascript');

function add(file: string, content: string, type: string): void {
  const [name = '', ending = ''] = file.split('.');
  const served = `${name}.${sha256(content).toString('hex').slice(0, 12)}.${ending}`;
  const packed = gzipSync(content, { level: 9 });
  assets.set(served, { content, packed, type: `${type}; charset=utf-8` });
  servedAs.set(file, served);
}

export const assetOf = (served: string): Asset | undefined => assets.get(served);

/** The path of a style or a script, as `page.css`. @throws Error where there is none of that name */
export function pathOfAsset(file: string): string {
  const served = servedAs.get(file);
  if (served === undefined) throw new Error(`there is no ${file} for the pages`);
  return `/p/assets/${served}`;
}
