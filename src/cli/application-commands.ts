import { InvalidArgumentError, type Command, type Option } from 'commander';
import type { OperationName } from '../operator/operations.js';

type Run = (name: OperationName, input?: Record<string, unknown>) => Promise<void>;

/** Services that delegate: registered, and told what they may do and which factors they accept as what. */
export function addApplicationCommands(program: Command, scopesOption: Option, run: Run): void {
  const applications = program
    .command('applications')
    .description('services that delegate to this one');
  applications
    .command('create')
    .description('register an application, with its first key')
    .requiredOption('--realm <name>', 'directory of users; a new name makes a new one')
    .requiredOption('--name <name>', 'its name in the realm')
    .option('--audience <text>', 'aud of its tokens; its id if left out')
    .option('--access-token-seconds <n>', 'life of its tokens (default: 900)', seconds)
    .option('--enrol-proof-seconds <n>', 'how fresh a proof changes of factors need', seconds)
    .option('--factor-types <types...>', 'that it accepts (default: all)')
    .option('--aal2-types <types...>', 'of these, whose proof may earn aal2; "all" (default)')
    .option(
      '--session-idle-seconds <n>',
      'a session unused for so long ends (default: a week)',
      seconds,
    )
    .option('--session-seconds <n>', 'a session ends after so long (default: 30 days)', seconds)
    .option('--no-sessions-end-with-factor', 'sessions outlive the factor that began them')
    .option(
      '--remember-device-seconds <n>',
      'remember a browser after a proof; at most 90 days',
      seconds,
    )
    .option('--token-audience <text...>', 'other services that it may get client tokens for')
    .option('--redirect-uri <uri...>', 'where the hosted pages may send browsers back to')
    .option('--frame-origin <origin...>', 'origins that may frame the hosted pages')
    .addOption(scopesOption)
    .action(({ tokenAudience, redirectUri, frameOrigin, aal2Types, ...options }: Options) =>
      run('applications.create', {
        ...options,
        aal2Types: nullIfAll(aal2Types),
        tokenAudiences: tokenAudience,
        redirectUris: redirectUri,
        frameOrigins: frameOrigin,
      }),
    );
  applications
    .command('update <id>')
    .description(
      'set the addresses of the hosted pages and the rules about factors; a list that is given replaces the one before',
    )
    .option('--redirect-uri [uri...]', 'where the hosted pages may send browsers back to')
    .option('--frame-origin [origin...]', 'origins that may frame the hosted pages')
    .option('--factor-types <types...>', 'that it accepts; any other is useless to it at once')
    .option('--aal2-types <types...>', 'of these, whose proof may earn aal2; or "all"')
    .option(
      '--enrol-proof-seconds <n>',
      'how fresh a proof changes of factors need; or "off"',
      secondsOrOff,
    )
    .action(
      (id: string, { redirectUri, frameOrigin, aal2Types, enrolProofSeconds, ...rules }: Options) =>
        run('applications.update', {
          id,
          ...rules,
          aal2Types: nullIfAll(aal2Types),
          enrolProofSeconds: enrolProofSeconds === 'off' ? null : enrolProofSeconds,
          redirectUris: listOf(redirectUri),
          frameOrigins: listOf(frameOrigin),
        }),
    );
  applications
    .command('allow-audience <id> [audiences...]')
    .description('say for which other services it may get client tokens; none takes all away')
    .action((id: string, audiences: string[]) =>
      run('applications.allow-audience', { id, audiences }),
    );
  applications
    .command('remember-devices <id> <seconds>')
    .description('say for how long browsers are remembered after a proof: seconds, or "off"')
    .action((id: string, text: string) =>
      run('applications.remember-devices', { id, seconds: text === 'off' ? null : Number(text) }),
    );
  applications
    .command('list')
    .description('show every application')
    .action(() => run('applications.list'));
}

interface Options extends Record<string, unknown> {
  readonly aal2Types?: readonly string[];
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number of seconds.');
}

const secondsOrOff = (text: string) => (text === 'off' ? text : seconds(text));

/** An option that was given without a value empties its list. */
const listOf = (given: unknown) => (given === true ? [] : given);

/** The word alone takes the rule away; among types it is none of them, and refused as such. */
const nullIfAll = (given: readonly string[] | undefined) =>
  given?.length === 1 && given[0] === 'all' ? null : given;
