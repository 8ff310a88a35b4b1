import { Option, type Command } from 'commander';
import { tokenStatuses } from '../hardware-tokens/hardware-token.js';
import type { OperationName } from '../operator/operations.js';

type Run = (name: OperationName, input: Record<string, unknown>) => Promise<void>;

/** Hardware tokens: who has which, and what comes and goes. */
export function addTokenCommands(program: Command, realmOption: Option, run: Run): void {
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
}
