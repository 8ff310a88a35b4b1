/**
 * Writes the files that are made from the code, or with `--check` says which of them are out of date:
 * openapi.json, docs/errors.md, docs/configuration.md, .env.example.
 */
import 'reflect-metadata';
import { readFile, writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import { Clock } from '../clock.js';
import { readConfig, settings } from '../config.js';
import { Keyring } from '../crypto/keyring.js';
import { errorTable } from '../errors.js';
import { createLog } from '../http/log.js';
import { openApiDocument } from '../http/openapi.js';
import { createServer } from '../http/server.js';
import { Database } from '../storage/database.js';
import { postgresDriver } from '../storage/postgres.js';

const MADE = 'Made by `npm run generate` from the code; edit that.';

async function openApi(): Promise<string> {
  const config = readConfig({});
  const app = await NestFactory.create(
    AppModule.on({
      config,
      clock: new Clock(),
      keyring: Keyring.parse(Keyring.generate()),
      // Never connected to: the application is described, not started.
      database: new Database(
        postgresDriver({ url: 'postgresql://nowhere.invalid', connections: 1 }),
      ),
    }),
    new FastifyAdapter(createServer(config, createLog('silent'))),
    { logger: false, abortOnError: false, bodyParser: false },
  );
  return `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
}

function errors(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, title, detail }]) => `| \`${code}\` | ${status} | ${title}. ${detail} |`,
  );
  return `# Errors

Every error is a problem document (RFC 9457), \`application/problem+json\`. \`code\` is stable: build on
it, not on the texts. ${MADE}

| code | status | what it means, and what to do |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function configuration(): string {
  const rows = Object.values(settings).map(
    ({ variable, fallback, meaning }) =>
      `| \`${variable}\` | ${meaning} | ${fallback === undefined ? 'unset' : `\`${fallback}\``} |`,
  );
  return `# Configuration

The environment is the only configuration. What is wrong is named at the start, all of it at once; with
\`NODE_ENV=production\` every unsafe default is refused too. ${MADE}

| variable | meaning | default |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function exampleEnvironment(): string {
  const entries = Object.values(settings).map(
    ({ variable, fallback, meaning, secret }) =>
      `# ${meaning.replaceAll('`', '')}${secret ? ' Keep it secret.' : ''}\n#${variable}=${fallback ?? ''}\n`,
  );
  return `# ${MADE.replaceAll('`', '"')}\n\n${entries.join('\n')}`;
}

const files = {
  'openapi.json': await openApi(),
  'docs/errors.md': errors(),
  'docs/configuration.md': configuration(),
  '.env.example': exampleEnvironment(),
};

for (const [name, content] of Object.entries(files)) {
  if (!process.argv.includes('--check')) {
    await writeFile(name, content);
  } else if ((await readFile(name, 'utf8').catch(() => '')) !== content) {
    process.stderr.write(`${name} is out of date. Run: npm run generate\n`);
    process.exitCode = 1;
  }
}
