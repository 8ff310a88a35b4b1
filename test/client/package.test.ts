/** What another service gets by `import … from 'watchword/client'`: the built client, and nothing of the service. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
let folder: string;

/** A service that has no packages but the client's own files. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchword-client-'));
  const installed = join(folder, 'node_modules/watchword');
  mkdirSync(installed, { recursive: true });
  for (const path of ['package.json', 'dist/modules/client'])
    cpSync(join(root, path), join(installed, path), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}

/** Compiles modules there, libraries checked too, in whatever surroundings; what the compiler says. */
function compile(modules: Record<string, string>, ...surroundings: string[]): string {
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const options = ['--noEmit', '--module', 'nodenext', '--target', 'es2022', ...strict];
  try {
    return run(compiler, ...options, ...surroundings, ...Object.keys(modules));
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const consumer = `
  import { createClient, WatchwordError, type Client, type Token } from 'watchword/client';
  const client: Client = createClient({ url: 'https://mfa.example', fetch });
  export const token: Token = await client.verifyUser({ user_id: 'ann', code: '123456' });
  // @ts-expect-error the code is missing
  void client.verifyUser({ user_id: 'ann' });
  export const isLocked = (error: WatchwordError) => error.code === 'locked';
`;

it('runs where nothing else is installed', () => {
  writeFileSync(
    join(folder, 'run.js'),
    `
    import * as all from 'watchword/client';
    const client = all.createClient({
      url: 'https://mfa.example',
      apiKey: 'ww_x',
      fetch: async () => Response.json({ data: [] }),
    });
    console.log(Object.keys(all).join(), JSON.stringify(await client.listFactors({ user_id: 'a' })));
    `,
  );
  expect(run('run.js')).toBe('WatchwordError,createClient {"data":[]}\n');
});

it('has types that hold in a strict program on Node, and so do the snippets of docs/client.md', () => {
  const page = readFileSync(join(root, 'docs/client.md'), 'utf8');
  const snippets = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  expect(snippets.length).toBeGreaterThan(4);
  const modules = { 'consumer.ts': consumer, 'page.ts': snippets.join('\n') };
  const types = join(root, 'node_modules/@types');
  expect(compile(modules, '--types', 'node', '--typeRoots', types)).toBe('');
}, 120_000);

it('has types that hold where there is the DOM and no Node', () => {
  expect(compile({ 'consumer.ts': consumer }, '--lib', 'es2022,dom')).toBe('');
}, 120_000);
