import { readFile } from 'node:fs/promises';
import type { Command, Option } from 'commander';
import { OperatorError } from '../errors.js';
import type { OperationName } from '../operator/operations.js';

type Run = (name: OperationName, input: Record<string, unknown>) => Promise<void>;

/** Realms, as they look on the hosted pages. */
export function addRealmCommands(program: Command, realmOption: Option, run: Run): void {
  const realms = program.command('realms').description('directories of users');
  realms
    .command('list')
    .description('show every realm, and how it looks on the hosted pages')
    .action(() => run('realms.list', {}));
  realms
    .command('update')
    .description('say how a realm looks on the hosted pages; "none" takes something away')
    .addOption(realmOption)
    .option('--color <#rrggbb>', 'of buttons and links; a shade of it that can be read is used')
    .option('--logo <file>', 'a PNG, WebP or SVG picture of at most 10 kB')
    .option('--locale <tag>', 'language of those whose browser asks for none that there is')
    .action(async ({ logo, ...look }: Record<string, string>) => {
      const input: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(look)) input[name] = orNull(name, value);
      if (logo !== undefined) input['logo'] = await pictureOf(logo);
      await run('realms.update', input);
    });
}

function orNull(name: string, value: string): string | null {
  return value === 'none' && name !== 'realm' ? null : value;
}

/** In base64, which JSON carries. */
async function pictureOf(file: string): Promise<string | null> {
  if (file === 'none') return null;
  try {
    return await readFile(file, 'base64');
  } catch {
    throw new OperatorError(`The file "${file}" cannot be read.`);
  }
}
