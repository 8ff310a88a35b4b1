/**
 * Compiles a benchmark and runs it: `npm run bench`, with what `bench/run.ts` takes as arguments, or
 * `npm run bench -- tokens` or `imports`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [chosen, ...others] = process.argv.slice(2);
const isNamed = ['tokens', 'imports'].includes(chosen);
const [name, args] = isNamed ? [chosen, others] : ['run', process.argv.slice(2)];
const root = fileURLToPath(new URL('..', import.meta.url));
await build({
  entryPoints: [`${root}bench/${name}.ts`],
  outfile: `${root}dist/bench/${name}.mjs`,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  tsconfig: `${root}tsconfig.json`,
});
const run = spawn(process.execPath, [`${root}dist/bench/${name}.mjs`, ...args], {
  stdio: 'inherit',
});
run.once('exit', (code) => (process.exitCode = code ?? 1));
