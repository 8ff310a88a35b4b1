import type { Config } from '../config.js';
import { tlsUnfit } from './tls-together.js';

/** What is wrong with values that are each right by themselves. */
export function wrongTogether(config: Config): string[] {
  return [
    ...keysMissing(config),
    ...workersWithoutRoom(config),
    ...tlsUnfit(config),
    ...providersIncomplete(config),
    ...testNumbersUnfit(config),
  ];
}

function workersWithoutRoom({ databaseUrl, workers }: Config): string[] {
  if (databaseUrl !== undefined || workers === 'auto' || workers === 1) return [];
  return [
    'WATCHWORD_WORKERS: the embedded database has room for one process; set WATCHWORD_DATABASE_URL, or leave it out',
  ];
}

function keysMissing({ databaseUrl, encryptionKeys }: Config): string[] {
  if (databaseUrl === undefined || encryptionKeys !== undefined) return [];
  return [
    'WATCHWORD_ENCRYPTION_KEYS: must be set with WATCHWORD_DATABASE_URL, the same for every replica; make one with: echo "k1:$(openssl rand -base64 32)"',
  ];
}

function providersIncomplete(config: Config): string[] {
  const { smsProviders } = config;
  const problems: string[] = [];
  if (smsProviders.includes('twilio')) {
    if (config.twilioAccountSid === undefined)
      problems.push('TWILIO_ACCOUNT_SID: must be set for the provider "twilio"');
    if (config.twilioAuthToken === undefined)
      problems.push('TWILIO_AUTH_TOKEN: must be set for the provider "twilio"');
    if (config.twilioFrom === undefined && config.twilioMessagingServiceSid === undefined)
      problems.push('TWILIO_FROM: it or TWILIO_MESSAGING_SERVICE_SID must be set');
  }
  if (smsProviders.includes('webhook')) {
    if (config.webhookUrl === undefined)
      problems.push('WATCHWORD_SMS_WEBHOOK_URL: must be set for the provider "webhook"');
    if (config.webhookSecret === undefined)
      problems.push('WATCHWORD_SMS_WEBHOOK_SECRET: must be set for the provider "webhook"');
  }
  const routed = new Set([...config.smsRoutes.values()].flat());
  for (const name of routed)
    if (!smsProviders.includes(name))
      problems.push(`WATCHWORD_SMS_ROUTES: "${name}" is not in WATCHWORD_SMS_PROVIDERS`);
  return problems;
}

function testNumbersUnfit({ testNumbers, smsCodeDigits }: Config): string[] {
  const unfit = [...testNumbers.values()].some((code) => code.length !== smsCodeDigits);
  if (!unfit) return [];
  return [`WATCHWORD_TEST_NUMBERS: their codes must have ${smsCodeDigits} digits like any other`];
}
