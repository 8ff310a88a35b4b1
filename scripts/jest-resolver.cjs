/**
 * Our TypeScript names its imports by the compiled file (`./clock.js`). Jest runs the source, so such
 * an import from outside node_modules means the `.ts` or `.tsx` file where one stands there.
 */
const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** Some packages name only a file for `import` and none for `require`; the file is compiled as well. */
function resolvePackage(request, options) {
  try {
    return options.defaultResolver(request, options);
  } catch (failure) {
    if (request.startsWith('.')) throw failure;
    return options.defaultResolver(request, {
      ...options,
      conditions: ['import', ...options.conditions.filter((condition) => condition !== 'require')],
    });
  }
}

module.exports = function resolve(request, options) {
  if (/^\.{1,2}\/.*\.js$/.test(request) && !options.basedir.includes('node_modules')) {
    const named = join(options.basedir, request.replace(/\.js$/, ''));
    const source = ['.ts', '.tsx'].map((ending) => named + ending).find((file) => existsSync(file));
    if (source !== undefined) return source;
  }
  return resolvePackage(request, options);
};
