/**
 * Every variable the service reads: name, schema, default, meaning. docs/configuration.md and
 * .env.example are generated from these tables, and nothing else in `src/` reads the environment.
 */
import type { z } from 'zod';
import { serviceSettings } from './config/service.settings.js';
import { tlsSettings } from './config/tls.settings.js';
import { smsSettings } from './config/sms.settings.js';
import { twilioSettings } from './config/twilio.settings.js';
import { unsafeInProduction } from './config/production.js';
import { wrongTogether } from './config/together.js';

export const settings = {
  ...serviceSettings,
  ...tlsSettings,
  ...smsSettings,
  ...twilioSettings,
} as const;

type Settings = typeof settings;
type Values = { [Key in keyof Settings]: z.output<Settings[Key]['schema']> };

export interface Config extends Omit<Values, 'environment' | 'publicUrl'> {
  readonly production: boolean;
  /** No trailing slash: it is compared as it is. */
  readonly publicUrl: string;
}

/** Names the configuration where Nest injects it. */
export const CONFIG = Symbol('config');

/** Everything that is wrong with the configuration, in one error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
}

/**
 * Reads the configuration.
 *
 * @param environment the variables, as `process.env` has them; an empty value counts as unset
 * @returns checked values with defaults filled in
 * @throws ConfigError naming every variable that is wrong, all at once (S123)
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, { variable, schema, fallback }] of Object.entries(settings)) {
    const result = schema.safeParse(environment[variable] || fallback);
    if (result.success) values[key] = result.data;
    // The value is never repeated: it may be a secret (S114).
    else
      problems.push(`${variable}: ${result.error.issues.map(({ message }) => message).join('; ')}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const read = values as Values;
  const scheme = read.tlsCert === undefined ? 'http' : 'https';
  const config: Config = {
    ...read,
    production: read.environment === 'production',
    publicUrl: (read.publicUrl ?? `${scheme}://localhost:${read.port}`).replace(/\/+$/, ''),
  };
  problems.push(...wrongTogether(config));
  if (config.production) problems.push(...unsafeInProduction(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Variables of ours that this version does not know: most often a slip of the pen. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = new Set<string>(Object.values(settings).map(({ variable }) => variable));
  return Object.keys(environment).filter(
    (name) => name.startsWith('WATCHWORD_') && !known.has(name),
  );
}
