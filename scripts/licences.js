/** Fails when an installed package has a licence that this project has not agreed to. */
import { readFileSync } from 'node:fs';

const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  // Copyleft by file: axe-core looks at the pages in a test, and nothing of it is shipped or changed.
  'MPL-2.0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
]);

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));

/** An SPDX expression: one side of an OR is enough, an AND needs both. */
function isAllowed(expression) {
  return expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => allowed.has(licence.trim())));
}

/** The lock file's word, or the installed package's own where the lock file has none; old ones have a list. */
function licenceOf(place, locked) {
  const own = () => {
    const { license, licenses = [] } = read(`${place}/package.json`);
    return license ?? licenses[0];
  };
  const licence = locked.license ?? own();
  return typeof licence === 'string' ? licence : (licence?.type ?? 'no licence named');
}

const packages = Object.entries(read('package-lock.json').packages).filter(([place]) => place);
const refused = packages
  .map(([place, locked]) => ({ place, licence: licenceOf(place, locked) }))
  .filter(({ licence }) => !isAllowed(licence));

for (const { place, licence } of refused) {
  console.error(`${place.replace(/^.*node_modules\//, '')}: ${licence}`);
}
if (refused.length > 0) {
  console.error('Replace these packages, or agree to the licence in scripts/licences.js.');
  process.exitCode = 1;
} else {
  console.log(`licences: ${packages.length} packages, all agreed to`);
}
