import { userInfo } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { LONGEST_MINUTES, USUAL_MINUTES } from '../bypass-codes/bypass-code.js';
import type { OperationName } from '../operator/operations.js';

type Run = (name: OperationName, input: Record<string, unknown>) => Promise<void>;

/** One-time codes for people who have lost every factor. */
export function addBypassCommands(program: Command, realmOption: Option, run: Run): void {
  const bypass = program
    .command('bypass')
    .description('one-time codes for people who have lost every factor');
  const command = (name: string, description: string) =>
    bypass.command(name).description(description).addOption(realmOption);
  command('create', 'make a code, and end the one before')
    .requiredOption('--user <id>', 'whom it lets in')
    .requiredOption('--reason <text>', 'why, and how you know who asks: for the audit')
    .option(
      '--minutes <n>',
      `how long it is good; at most ${LONGEST_MINUTES}`,
      minutes,
      USUAL_MINUTES,
    )
    .addOption(operatorOption())
    .action(({ operator, ...options }: Options) =>
      run('bypass.create', { ...options, by: operator }),
    );
  command('approve <id>', 'let another operator’s code through')
    .addOption(operatorOption())
    .action((id: string, { operator, ...options }: Options) =>
      run('bypass.approve', { ...options, id, by: operator }),
    );
  command('revoke <id>', 'end a code before its time')
    .addOption(operatorOption())
    .action((id: string, { operator, ...options }: Options) =>
      run('bypass.revoke', { ...options, id, by: operator }),
    );
  command('list', 'show the codes of the last month, and what became of them')
    .option('--user <id>', 'only of this user')
    .action((options: Options) => run('bypass.list', options));
}

interface Options extends Record<string, unknown> {
  readonly operator?: string;
}

/** Who sits at the keyboard: the account that became root, where that is known. */
function operatorOption(): Option {
  const option = new Option('--operator <name>', 'your name, for the audit');
  const name = accountName();
  return name === undefined ? option.makeOptionMandatory() : option.default(name);
}

/** A container's account may have no name. */
function accountName(): string | undefined {
  try {
    return process.env['SUDO_USER'] ?? userInfo().username;
  } catch {
    return undefined;
  }
}

function minutes(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= LONGEST_MINUTES) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${LONGEST_MINUTES}.`);
}
