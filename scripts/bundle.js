/**
 * Bundles the compiled modules and most of their packages into a few files under dist/: a start that
 * reads two thousand small files spends most of its time on reading them. Nothing is minified, so that a
 * stack still reads; and esbuild's `keepNames` stays off, for it writes the name on to every function each
 * time it is made, closures of a request included: a third of a login's CPU.
 */
import { chmod, cp, readdir, rm } from 'node:fs/promises';
import { build } from 'esbuild';

/** Packages that bring files of their own, or that the framework asks for only if they are there. */
const external = [
  '@electric-sql/pglite',
  '@node-rs/argon2',
  'fs-native-extensions',
  'pg',
  '@fastify/static',
  'swagger-ui-dist',
  '@fastify/cors',
  '@fastify/multipart',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  '@valkey/valkey-glide',
  'class-transformer',
  'class-validator',
  'pino-pretty',
];

/** What CommonJS packages expect to find around them. */
const commonJs = `import { createRequire as bundledCreateRequire } from 'node:module';
const require = bundledCreateRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

for (const name of await readdir('dist')) if (name.endsWith('.js')) await rm(`dist/${name}`);
await build({
  entryPoints: { main: 'dist/modules/main.js', watchword: 'dist/modules/cli/watchword.js' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  logLevel: 'warning',
  external,
  banner: { js: commonJs },
});
await chmod('dist/watchword.js', 0o755);
// What browsers get as it is: portal/assets.ts looks for it there.
for (const place of ['page.css', 'workshop.css', 'scripts'])
  await cp(`src/portal/${place}`, `dist/modules/portal/${place}`, { recursive: true });
