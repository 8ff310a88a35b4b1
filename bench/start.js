/** Compiles the benchmark and runs it: `npm run bench`, with what `bench/run.ts` takes as arguments. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
await build({
  entryPoints: [`${root}bench/run.ts`],
  outfile: `${root}dist/bench/run.mjs`,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  tsconfig: `${root}tsconfig.json`,
});
const run = spawn(process.execPath, [`${root}dist/bench/run.mjs`, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
run.once('exit', (code) => (process.exitCode = code ?? 1));
