import { readFileSync, readdirSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import ts from 'typescript';

/** Every file and folder at the top of `src/`, the lowest floor first. */
const floors = [
  ['errors', 'clock', 'config'],
  ['otp', 'crypto'],
  ['token-files'],
  ['storage', 'certificates'],
  ['input', 'ground'],
  ['ground.module'],
  ['audit'],
  ['applications', 'users'],
  ['delivery'],
  ['tokens'],
  ['sessions', 'devices', 'bypass-codes'],
  ['hardware-tokens'],
  ['factors'],
  ['inventory'],
  ['challenges'],
  ['links'],
  ['http', 'health', 'portal', 'operator'],
  ['app.module'],
  ['service', 'workers'],
  ['main'],
  ['cli'],
];
/** What other services install: it imports nothing of the rest, and the rest nothing of it. */
const apart = ['verify', 'client'];
/** The only files at the top; everything else stands in a folder. */
const topFiles = [
  'errors',
  'clock',
  'config',
  'input',
  'ground',
  'ground.module',
  'app.module',
  'service',
  'workers',
  'main',
];

/** Names that say nothing about what is inside, as a whole or between the dots of a file's name. */
const emptyNames = [
  ...['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc'],
  ...['constants', 'types', 'index', 'base', 'dto'],
];
const LINES = 300;

interface SourceFile {
  /** Its path under `src/`, with `/` on every system. */
  readonly path: string;
  readonly text: string;
}

/** The top-level name that a path under `src/` belongs to: its folder, or the file's own name. */
function placeOf(path: string): string {
  const [top = ''] = path.split('/');
  return top.replace(/\.tsx?$/, '');
}

function floorOf(place: string): number {
  return floors.findIndex((floor) => floor.includes(place));
}

function isKnown(place: string): boolean {
  return floorOf(place) !== -1 || apart.includes(place);
}

/** What is wrong with an import, by paths under `src/`; undefined when it is allowed. */
function faultOfImport(from: string, to: string): string | undefined {
  if (to === '../package.json') return undefined;
  if (to.startsWith('../')) return `${from} imports ${to}: src/ stands on itself and packages only`;
  const [source, target] = [placeOf(from), placeOf(to)];
  if (source === target) return undefined;
  for (const place of [source, target]) {
    if (apart.includes(place)) {
      return `${from} imports ${to}: ${place}/ stands apart, so give it its own copy or a parameter`;
    }
  }
  if (!isKnown(target)) return `${from} imports ${to}: ${target} has no floor`;
  if (floorOf(target) < floorOf(source)) return undefined;
  const direction = floorOf(target) === floorOf(source) ? 'sideways' : 'up';
  return (
    `${from} imports ${to}: that is ${direction}, from ${source} (floor ${floorOf(source)}) ` +
    `to ${target} (floor ${floorOf(target)}). Move what both need to a lower floor, or let the ` +
    'higher one call down.'
  );
}

function faultsOfImports({ path, text }: SourceFile): string[] {
  if (!isKnown(placeOf(path))) return [];
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts')))
    .map((target) => faultOfImport(path, target))
    .filter((fault) => fault !== undefined);
}

/** Whoever imports it gets nothing else with it: no package, and nothing that needs more than Node. */
function faultsOfClient({ path, text }: SourceFile): string[] {
  if (placeOf(path) !== 'client') return [];
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) => `${path} imports ${specifier}: the client stands on fetch alone`);
}

function faultsOfPlace({ path }: SourceFile): string[] {
  const place = placeOf(path);
  if (!path.includes('/') && !topFiles.includes(place)) {
    return [`${path}: put it into the folder of its subject; the top holds ${topFiles.join(', ')}`];
  }
  if (!isKnown(place)) {
    return [`${path}: src/${place} has no floor; use a folder that has one, or give it one here`];
  }
  return [];
}

function faultsOfName({ path }: SourceFile): string[] {
  const words = path.replace(/\.tsx?$/, '').split(/[/.]/);
  return words
    .filter((word) => emptyNames.includes(word.toLowerCase()) || /manager/i.test(word))
    .map((word) => `${path}: "${word}" says nothing; name it after what is inside`);
}

function faultsOfText({ path, text }: SourceFile): string[] {
  const faults: string[] = [];
  const lines = text.trimEnd().split('\n').length;
  // What a generator writes is as long as what it is made from.
  if (lines > LINES && !path.endsWith('.gen.ts')) {
    faults.push(`${path}: ${lines} lines, more than ${LINES}; split it by subject`);
  }
  if (/\bforwardRef\b/.test(text)) {
    faults.push(`${path}: forwardRef hides a circle; let one of the two call down`);
  }
  if (isBarrel(text)) {
    faults.push(`${path}: it only re-exports; import from where things are`);
  }
  return faults;
}

function isBarrel(text: string): boolean {
  const { statements } = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest);
  return (
    statements.some((statement) => ts.isExportDeclaration(statement)) &&
    statements.every(
      (statement) => ts.isExportDeclaration(statement) || ts.isImportDeclaration(statement),
    )
  );
}

function faultsOf(file: SourceFile): string[] {
  const rules = [faultsOfPlace, faultsOfName, faultsOfImports, faultsOfClient, faultsOfText];
  return rules.flatMap((rule) => rule(file));
}

function sources(): SourceFile[] {
  const folder = join(import.meta.dirname, '..', 'src');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(folder, path).replaceAll('\\', '/'),
      text: readFileSync(path, 'utf8'),
    }));
}

test('src/ keeps its floors, names and sizes', () => {
  const files = sources();
  expect(files.length).toBeGreaterThan(0);
  expect(files.flatMap(faultsOf)).toEqual([]);
});

describe('the rules', () => {
  const faults = (path: string, text = '') => faultsOf({ path, text }).join('\n');
  const importing = (path: string, target: string) =>
    faults(path, `import { a } from '${target}';`);

  test.each([
    ['factors/factor.ts', '../storage/database.js'],
    ['factors/factor.ts', './method.js'],
    ['storage/migrations/0001-foundation.ts', '../schema.js'],
    ['factors/factor.ts', '../clock.js'],
    ['main.ts', './app.module.js'],
    ['cli/watchword.ts', '../app.module.js'],
    ['http/openapi.ts', '../../package.json'],
    ['verify/verify.ts', './keys.js'],
    ['otp/totp.ts', 'otpauth'],
    ['client/client.ts', './operations.gen.js'],
  ])('%s may import %s', (path, target) => {
    expect(importing(path, target)).toBe('');
  });

  test.each([
    ['factors/factor.ts', '../challenges/challenge.js', 'up'],
    ['storage/database.ts', '../audit/audit.js', 'up'],
    ['clock.ts', './otp/totp.js', 'up'],
    ['otp/totp.ts', '../crypto/random.js', 'sideways'],
    ['storage/migrations/0001-foundation.ts', '../../audit/event.js', 'up'],
    ['clock.ts', './errors.js', 'sideways'],
    ['verify/verify.ts', '../errors.js', 'apart'],
    ['cli/watchword.ts', '../client/client.js', 'apart'],
    ['client/client.ts', '../errors.js', 'apart'],
    ['client/client.ts', 'zod', 'fetch alone'],
    ['http/openapi.ts', '../../test/support/application.js', 'itself'],
  ])('%s may not import %s', (path, target, word) => {
    expect(importing(path, target)).toContain(word);
  });

  test.each([
    "import type { Challenge } from '../challenges/challenge.js';",
    "import '../challenges/challenge.js';",
    "export { begin } from '../challenges/challenge.js'; export const a = 1;",
    "export const later = () => import('../challenges/challenge.js');",
    "export type Later = import('../challenges/challenge.js').Challenge;",
  ])('sees the import in: %s', (text) => {
    expect(faults('factors/factor.ts', text)).toContain('up');
  });

  test('takes no import from a comment or a string', () => {
    const text =
      "// import '../challenges/a.js'\nexport const a = \"import '../challenges/a.js'\";";
    expect(faults('factors/factor.ts', text)).toBe('');
  });

  test.each([
    'factors/utils.ts',
    'factors/types/factor.ts',
    'factors/index.ts',
    'factors/enrol.dto.ts',
    'factors/factor-manager.ts',
    'factors/FactorManager.ts',
  ])('refuses the name %s', (path) => {
    expect(faults(path)).toContain('says nothing');
  });

  test('refuses what has no floor', () => {
    expect(faults('plugins/plugin.ts')).toContain('no floor');
    expect(faults('factor.ts')).toContain('folder of its subject');
  });

  test('refuses long files, forwardRef and barrels', () => {
    expect(faults('factors/factor.ts', 'a;\n'.repeat(LINES))).toBe('');
    expect(faults('factors/factor.ts', 'a;\n'.repeat(LINES + 1))).toContain('301 lines');
    expect(faults('client/operations.gen.ts', 'a;\n'.repeat(LINES + 1))).toBe('');
    expect(faults('factors/factor.ts', 'forwardRef(() => A);')).toContain('circle');
    expect(faults('factors/factor.ts', "export * from './method.js';")).toContain('re-exports');
  });
});
