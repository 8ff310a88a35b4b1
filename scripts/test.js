/** Runs Jest with the given arguments and closes with one plain line of counts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'watchword-test-'));
const report = join(folder, 'report.json');
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));

/** Undefined when Jest was stopped, or was not asked to run tests. */
function readReport() {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    return Array.isArray(result) ? undefined : result;
  } catch (failure) {
    if (failure.code !== 'ENOENT') throw failure;
    return undefined;
  }
}

const run = spawn(
  process.execPath,
  [jest, '--json', '--outputFile', report, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
// The keyboard's interrupt reaches Jest by itself; what is sent to this process alone is passed on.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => run.kill(signal));
const [status] = await once(run, 'exit');

const result = readReport();
rmSync(folder, { recursive: true, force: true });
process.exitCode = status ?? 1;

if (result !== undefined || status !== 0) {
  const passed = result?.numPassedTests ?? 0;
  // A file that does not load has no tests to count.
  const counted = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
  // The line never looks like success where Jest saw none.
  const failed = status === 0 ? counted : Math.max(counted, 1);
  const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}
