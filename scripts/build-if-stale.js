/**
 * Builds `dist/` when it is missing or older than what it is made from, so that `npm start` and
 * `npm test` work from a fresh clone and cost nothing afterwards.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = ['dist/main.js', 'dist/seed.tar'].map((path) => root + path);

/** When the file last changed; undefined where there is none. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** A folder's own time counts too: it moves when a file is removed. */
function sources() {
  const settings = readdirSync(root).filter((name) =>
    /^(tsconfig.*\.json|nest-cli\.json|package-lock\.json)$/.test(name),
  );
  return ['src', ...settings, ...readdirSync(`${root}src`, { recursive: true }).map(underSource)];
}

function underSource(path) {
  return `src/${path}`;
}

function isStale() {
  const builtAt = Math.min(...built.map((path) => changedAt(path) ?? -Infinity));
  return sources().some((path) => (changedAt(root + path) ?? 0) > builtAt);
}

if (isStale()) {
  const startedAt = new Date();
  const { status } = spawnSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  // An incremental build leaves a file alone that came out the same, with its old time.
  for (const path of built) utimesSync(path, startedAt, startedAt);
}
