#!/usr/bin/env node
/** The command line. Each command is one operation (operator/operations.ts), run here or by the service. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { scopes } from '../applications/api-key.js';
import { readConfig } from '../config.js';
import { channels } from '../delivery/channel.js';
import { OperatorError } from '../errors.js';
import type { Finding } from '../operator/doctor.js';
import { explain } from '../operator/explain.js';
import type { OperationName } from '../operator/operations.js';
import { addApplicationCommands } from './application-commands.js';
import { addBypassCommands } from './bypass-commands.js';
import { print } from './print.js';
import { addRealmCommands } from './realm-commands.js';
import { runOperation } from './run-operation.js';
import { addTokenCommands } from './token-commands.js';

const program = new Command('watchword')
  .description('Watchword, the self-hosted second factor.')
  .option('--json', 'print JSON')
  .showHelpAfterError('Run with --help to see what is possible.');

/** Runs an operation and prints what it gave. */
async function run(name: OperationName, input: Record<string, unknown> = {}): Promise<void> {
  show(await runOperation(readConfig(process.env), name, input));
}

function show(result: unknown): void {
  print(result, program.opts<{ json?: true }>().json === true);
}

const scopesOption = new Option('--scopes <scopes...>', 'what the key may do')
  .choices([...scopes])
  .default([...scopes], 'all');
const realmOption = new Option('--realm <name>', 'the realm; needed where there are several');

program
  .command('start')
  .description('start the service')
  .action(async () => {
    await import('../main.js');
  });

program
  .command('migrate')
  .description('bring the database’s schema up to this version')
  .action(async () => {
    const config = readConfig(process.env);
    const { migrateOnly } = await import('./migrate.js');
    show({ migrated: await migrateOnly(config) });
  });

addApplicationCommands(program, scopesOption, run);

const keys = program
  .command('keys')
  .description('keys that sign tokens, and API keys of an application');
keys
  .command('create')
  .description('make a further API key; two may live at once')
  .requiredOption('--application <id>', 'app_…')
  .addOption(scopesOption)
  .action((options: Record<string, unknown>) => run('keys.create', options));
keys
  .command('list')
  .description('show the keys that sign tokens, or an application’s API keys')
  .option('--application <id>', 'app_…')
  .action((options: Record<string, unknown>) =>
    run(options['application'] === undefined ? 'signing-keys.list' : 'keys.list', options),
  );
keys
  .command('rotate')
  .description('make the next key that signs tokens now; it takes over by itself')
  .action(() => run('signing-keys.rotate'));
keys
  .command('revoke <id>')
  .description('end an API key (key_…), or in an emergency one that signs tokens, with its tokens')
  .action((id: string) =>
    id.startsWith('key_') ? run('keys.revoke', { id }) : run('signing-keys.revoke', { kid: id }),
  );

const certificates = program
  .command('certificates')
  .description('client certificates that an application is told by');
certificates
  .command('add')
  .description('bind a certificate, or a name in the certificates of your authority')
  .requiredOption('--application <id>', 'app_…')
  .option('--file <path>', 'the certificate in PEM; it is bound by its thumbprint')
  .option('--thumbprint <sha256>', 'as openssl x509 -noout -fingerprint -sha256 shows it')
  .option('--dns <name>', 'a host name among its alternative names')
  .option('--uri <uri>', 'a URI among them, as spiffe://example.org/shop')
  .addOption(
    new Option('--scopes <scopes...>', 'what it may do')
      .choices([...scopes])
      .default([...scopes], 'all'),
  )
  .action(async ({ file, ...options }: Record<string, unknown>) => {
    if (typeof file !== 'string') return run('certificates.add', options);
    const { thumbprintOfFile } = await import('./certificate-file.js');
    return run('certificates.add', { ...options, thumbprint: await thumbprintOfFile(file) });
  });
certificates
  .command('list')
  .description('show an application’s certificates')
  .requiredOption('--application <id>', 'app_…')
  .action((options: Record<string, unknown>) => run('certificates.list', options));
certificates
  .command('revoke <id>')
  .description('end what a certificate is good for')
  .action((id: string) => run('certificates.revoke', { id }));

const users = program.command('users').description('people with factors');
users
  .command('list')
  .description('show users, a thousand at a time')
  .addOption(realmOption)
  .option('--after <user>', 'go on after this one')
  .action((options: Record<string, unknown>) => run('users.list', options));
users
  .command('unlock <user>')
  .description('lift every lock of a user')
  .addOption(realmOption)
  .action((user: string, options: Record<string, unknown>) =>
    run('users.unlock', { ...options, user }),
  );
users
  .command('erase <user>')
  .description('delete a user with all factors; cannot be undone')
  .addOption(realmOption)
  .option('--yes', 'do it')
  .action((user: string, { yes, ...options }: Record<string, unknown>) => {
    if (yes !== true)
      throw new OperatorError(`This deletes "${user}" and cannot be undone. Say it with --yes.`);
    return run('users.erase', { ...options, user });
  });

const factors = program.command('factors').description('enrolled authenticators');
factors
  .command('list')
  .description('show a user’s factors')
  .addOption(realmOption)
  .requiredOption('--user <user>', 'the application’s name for the user')
  .action((options: Record<string, unknown>) => run('factors.list', options));
factors
  .command('revoke <id>')
  .description('end a factor and destroy its secret')
  .addOption(realmOption)
  .action((id: string, options: Record<string, unknown>) =>
    run('factors.revoke', { ...options, id }),
  );

addBypassCommands(program, realmOption, run);
addRealmCommands(program, realmOption, run);
addTokenCommands(program, { realmOption, run, show });

const delivery = program.command('delivery').description('messages to phones');
const minutes = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number of minutes.');
};
delivery
  .command('stats')
  .description('show budgets, pauses, and what became of the messages of a day')
  .action(() => run('delivery.stats'));
delivery
  .command('pause')
  .description('send nothing to a prefix, to a country, or at all')
  .option('--prefix <prefix>', 'a number without its last four digits, as +1415555')
  .option('--country <code>', 'ISO code')
  .option('--minutes <n>', 'how long', minutes, 60)
  .action((options: Record<string, unknown>) => run('delivery.pause', options));
delivery
  .command('resume')
  .description('end a pause, of yours or of a prefix’s own')
  .option('--prefix <prefix>', 'as above')
  .option('--country <code>', 'ISO code')
  .action((options: Record<string, unknown>) => run('delivery.resume', options));
delivery
  .command('test')
  .description('send one real message, past the limits, and say what became of it')
  .requiredOption('--to <number>', 'with its country, as +14155550123')
  .addOption(new Option('--channel <channel>').choices([...channels]).default('sms'))
  .action(async (options: Record<string, unknown>) => {
    const result = (await runOperation(readConfig(process.env), 'delivery.test', options)) as {
      status: string;
    };
    show(result);
    if (result.status === 'failed') process.exitCode = 1;
  });

program
  .command('secrets')
  .description('what is sealed in the database')
  .command('reencrypt')
  .description(
    'seal everything under the first of WATCHWORD_ENCRYPTION_KEYS, beside a running service',
  )
  .action(async () => {
    const config = readConfig(process.env);
    const { reencrypt } = await import('./reencrypt.js');
    show(await reencrypt(config));
  });

program
  .command('doctor')
  .description('check configuration, database, clock and keys, and say what to mend')
  .action(async () => {
    const findings = (await runOperation(readConfig(process.env), 'doctor', {})) as Finding[];
    show(findings);
    if (findings.some(({ state }) => state === 'failing')) process.exitCode = 1;
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
