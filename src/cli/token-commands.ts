import { InvalidArgumentError, Option, type Command } from 'commander';
import { readConfig } from '../config.js';
import { tokenStatuses } from '../hardware-tokens/hardware-token.js';
import type { OperationName } from '../operator/operations.js';
import { LOOK_AHEAD, MOST_LOOK_AHEAD } from '../otp/hotp-window.js';
import { formatNames } from '../token-files/formats.js';
import type { ExportOptions } from './export-tokens.js';
import type { ImportOptions } from './import-tokens.js';

/** How a command runs an operation, and how it shows what came of it. */
interface Tools {
  readonly realmOption: Option;
  readonly run: (name: OperationName, input: Record<string, unknown>) => Promise<void>;
  readonly show: (result: unknown) => void;
}

/** Hardware tokens: who has which, and what comes and goes. */
export function addTokenCommands(program: Command, tools: Tools): void {
  const { realmOption, run } = tools;
  const tokens = program.command('tokens').description('hardware tokens of a realm');
  tokens
    .command('list')
    .description('show tokens by serial, a hundred at a time')
    .addOption(realmOption)
    .addOption(new Option('--status <status>', 'only these').choices([...tokenStatuses]))
    .option('--after <serial>', 'go on after this one')
    .action((options: Record<string, unknown>) => run('tokens.list', options));
  const bySerial = (verb: 'return' | 'lost' | 'delete', description: string) =>
    tokens
      .command(`${verb} <serial>`)
      .description(description)
      .addOption(realmOption)
      .action((serial: string, options: Record<string, unknown>) =>
        run(`tokens.${verb}`, { ...options, serial }),
      );
  bySerial('return', 'put a token back into stock that is there again; its factor ends');
  bySerial('lost', 'mark a token as lost; its factor ends');
  bySerial('delete', 'take a token out of the inventory for good');
  addImport(tokens, tools);
  addExport(tokens, tools);
}

function addExport(tokens: Command, { realmOption, show }: Tools): void {
  tokens
    .command('export')
    .description('write tokens and apps, with their users, into a file sealed under a key')
    .addOption(realmOption)
    .requiredOption('--key-file <file>', 'holds the key: openssl rand -hex 32')
    .addOption(new Option('--format <format>').choices(['pskc']).default('pskc'))
    .option('--output <file>', 'a new file; the standard output if left out')
    .action(async (options: ExportOptions) => {
      const { exportTokens } = await import('./export-tokens.js');
      const summary = await exportTokens(readConfig(process.env), options);
      if (options.output !== undefined) show(summary);
    });
}

function addImport(tokens: Command, { realmOption, show }: Tools): void {
  const lookAhead = (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= MOST_LOOK_AHEAD) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_LOOK_AHEAD}.`);
  };
  tokens
    .command('import <file>')
    .description('import tokens, or what users used elsewhere; may be stopped and run again')
    .addOption(realmOption)
    .addOption(
      new Option('--format <format>', 'told by its look if left out').choices([...formatNames]),
    )
    .option(
      '--key-file <file>',
      'holds the pre-shared key of the file, in hexadecimal or base64url',
    )
    .option('--password-file <file>', 'holds the password of the file')
    .option('--user-field <name>', 'which member of a user is the user id here')
    .option('--look-ahead <n>', 'codes that a token may be ahead', lookAhead, LOOK_AHEAD)
    .option('--assign-users', 'users named beside a serial get that token, active at once')
    .option('--dry-run', 'only say what would become of each row')
    .option('--report <file>', 'write what became of each row, as CSV')
    .action(async (file: string, options: ImportOptions) => {
      const { importTokens } = await import('./import-tokens.js');
      const summary = await importTokens(readConfig(process.env), file, options);
      show(summary);
      if (summary.refused > 0) process.exitCode = 1;
    });
}
