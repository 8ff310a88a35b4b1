/**
 * Writes the typed half of the client, src/client/operations.gen.ts, from openapi.json; with `--check` it
 * says whether the file is out of date. The types are @hey-api/openapi-ts's, one for one. What it does not
 * make is a table of the operations by name, and a whole HTTP client would be fourteen files more.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { format, resolveConfig } from 'prettier';

const FILE = 'src/client/operations.gen.ts';

const document = JSON.parse(await readFile('openapi.json', 'utf8'));

/** What is for whoever has an API key; each answers the same problems, and takes the headers that all take. */
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([, { security }]) => security !== undefined)
    .map(([method, operation]) => ({ path, method, operation })),
);
document.paths = {};
for (const { path, method, operation } of operations) {
  const responses = Object.fromEntries(
    Object.entries(operation.responses).filter(([status]) => status !== 'default'),
  );
  const parameters = operation.parameters?.filter((parameter) => parameter.in !== 'header') ?? [];
  (document.paths[path] ??= {})[method] = { ...operation, responses, parameters };
}

async function types() {
  const folder = await mkdtemp(join(tmpdir(), 'watchword-client-'));
  try {
    await createClient({
      input: document,
      output: { path: folder, entryFile: false },
      plugins: ['@hey-api/typescript'],
      logs: { level: 'silent', file: false },
    });
    return await readFile(join(folder, 'types.gen.ts'), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

function table() {
  const entries = operations.map(({ path, method, operation }) => {
    const { operationId: name, summary } = operation;
    const type = name.charAt(0).toUpperCase() + name.slice(1);
    return {
      signature: `/** ${summary}. */\n${name}: { takes: ${type}Data; gives: ${type}Response };`,
      route: `${name}: ['${method.toUpperCase()}', '${path}'],`,
    };
  });
  return `
export interface Operations { ${entries.map(({ signature }) => signature).join('\n')} }

export const routes = { ${entries.map(({ route }) => route).join('\n')}
} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>;
`;
}

const content = await format(
  `// Made by \`npm run generate\` from openapi.json.\n${await types()}${table()}`,
  {
    ...(await resolveConfig(FILE)),
    parser: 'typescript',
  },
);
if (!process.argv.includes('--check')) {
  await writeFile(FILE, content);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== content) {
  process.stderr.write(`${FILE} is out of date. Run: npm run generate\n`);
  process.exitCode = 1;
}
