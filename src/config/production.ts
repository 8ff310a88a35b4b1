import type { Config } from '../config.js';
import { tlsUnsafeInProduction } from './tls-together.js';

/** Every unsafe default or value, with what to set (S123). */
export function unsafeInProduction(config: Config): string[] {
  const problems: string[] = [];
  if (!config.publicUrl.startsWith('https://'))
    problems.push('WATCHWORD_PUBLIC_URL: must be the https: address that clients use');
  if (config.encryptionKeys === undefined && config.databaseUrl === undefined)
    problems.push(
      'WATCHWORD_ENCRYPTION_KEYS: must be set, so that the keys do not lie beside the data; make one with: echo "k1:$(openssl rand -base64 32)"',
    );
  if (config.databaseUrl === undefined && !config.embeddedInProduction)
    problems.push(
      'WATCHWORD_DATABASE_URL: must be set, or WATCHWORD_EMBEDDED_IN_PRODUCTION=true accepts that a power loss may take the last seconds',
    );
  const key = config.bootstrapApiKey;
  if (key !== undefined && new Set(key.slice(3)).size < 12)
    problems.push(
      'WATCHWORD_BOOTSTRAP_API_KEY: is too regular to be random; make one with: echo "ww_$(openssl rand -hex 32)"',
    );
  if (config.trustedProxies.some((network) => network.endsWith('/0')))
    problems.push(
      'WATCHWORD_TRUSTED_PROXIES: must not be the whole internet, or anybody could choose his own address',
    );
  return [...problems, ...tlsUnsafeInProduction(config), ...unsafeDelivery(config)];
}

function unsafeDelivery(config: Config): string[] {
  const problems: string[] = [];
  if (config.smsProviders.includes('console'))
    problems.push(
      'WATCHWORD_SMS_PROVIDERS: must not be "console", which shows codes to everybody; set twilio, webhook or none',
    );
  for (const [variable, url] of [
    ['WATCHWORD_SMS_WEBHOOK_URL', config.webhookUrl],
    ['TWILIO_API_BASE_URL', config.twilioApiBaseUrl],
  ] as const)
    if (url !== undefined && !url.startsWith('https://'))
      problems.push(`${variable}: must be an https: address, for codes go there`);
  // Counted, not named: the log is read by more people than may know the numbers.
  const undated = [...config.testNumbers.keys()].filter(
    (number) => !config.testNumbersInProduction.has(number),
  );
  if (undated.length > 0)
    problems.push(
      `WATCHWORD_TEST_NUMBERS: ${undated.length} of them must go, or be allowed by name up to a day in WATCHWORD_TEST_NUMBERS_IN_PRODUCTION`,
    );
  return problems;
}
