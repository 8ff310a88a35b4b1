import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { OperatorError } from '../errors.js';
import type { OperationName } from '../operator/operations.js';

type Run = (name: OperationName, input: Record<string, unknown>) => Promise<void>;

/** Realms: how they look on the hosted pages, and what they ask of security keys. */
export function addRealmCommands(program: Command, realmOption: Option, run: Run): void {
  const realms = program.command('realms').description('directories of users');
  realms
    .command('list')
    .description('show every realm: how it looks, and what it asks of security keys')
    .action(() => run('realms.list', {}));
  realms
    .command('update')
    .description('say how a realm looks, and what it asks of keys; "none" takes something away')
    .addOption(realmOption)
    .option('--color <#rrggbb>', 'of buttons and links; a shade of it that can be read is used')
    .option('--logo <file>', 'a PNG, WebP or SVG picture of at most 10 kB')
    .option('--locale <tag>', 'language of those whose browser asks for none that there is')
    .option(
      '--webauthn-rp-id <domain>',
      'that security keys are bound to; a change makes all useless',
    )
    .option('--webauthn-rp-name <text>', 'that the browser shows when it asks for a key')
    .option('--webauthn-origin <origin>', 'of pages that may ask for a key; may be repeated', more)
    .option('--webauthn-user-verification <policy>', 'required, preferred or discouraged')
    .option('--webauthn-aaguid <aaguid>', 'of a model that is accepted; may be repeated', more)
    .addOption(
      new Option(
        '--bypass-second-operator <on|off>',
        'whether one makes a code and another lets it through',
      ).choices(['on', 'off']),
    )
    .action(
      async ({ bypassSecondOperator, logo, webauthnOrigin, webauthnAaguid, ...look }: Options) => {
        const input: Record<string, unknown> = {};
        for (const [name, value] of Object.entries(look)) input[name] = orNull(name, value);
        if (bypassSecondOperator !== undefined)
          input['bypassSecondOperator'] = bypassSecondOperator === 'on';
        if (webauthnOrigin !== undefined) input['webauthnOrigins'] = listOrNull(webauthnOrigin);
        if (webauthnAaguid !== undefined) input['webauthnAaguids'] = listOrNull(webauthnAaguid);
        if (logo !== undefined) input['logo'] = await pictureOf(logo);
        await run('realms.update', input);
      },
    );
}

interface Options extends Record<string, unknown> {
  readonly bypassSecondOperator?: 'on' | 'off';
  readonly logo?: string;
  readonly webauthnOrigin?: readonly string[];
  readonly webauthnAaguid?: readonly string[];
}

const more = (one: string, before: readonly string[] = []) => [...before, one];

function listOrNull(list: readonly string[]): readonly string[] | null {
  return list.length === 1 && list[0] === 'none' ? null : list;
}

function orNull(name: string, value: unknown): unknown {
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
