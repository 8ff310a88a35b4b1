import { X509Certificate } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { TlsFiles } from '../certificates/tls-files.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import type { Finding } from './doctor.js';

const DAY_MS = 86_400_000;
/** Time enough to find out who renews it. */
const CERTIFICATE_WARNING_DAYS = 14;
/** Lists are made anew each day or each week. */
const LIST_WARNING_DAYS = 1;

/**
 * Until when the service's certificate is good, and the revocation lists. Read from the files as they lie
 * there now.
 *
 * @throws TlsFileError where they cannot be used
 */
export async function certificates(context: INestApplicationContext): Promise<Finding[]> {
  const files = await TlsFiles.open(context.get<Config>(CONFIG));
  const now = context.get(Clock).now();
  const findings: Finding[] = [];
  if (files.context !== undefined) {
    const { validTo } = new X509Certificate(String(files.context.cert));
    const remedy = 'Renew it: put the new one into WATCHWORD_TLS_CERT and its key into _TLS_KEY.';
    const ends = { what: 'the service’s certificate', at: new Date(validTo) };
    findings.push(findingOf('certificate', ends, now, CERTIFICATE_WARNING_DAYS, remedy));
  }
  const until = files.trust?.listsHoldUntil;
  if (until !== undefined) {
    const remedy =
      'Put newer lists into WATCHWORD_TLS_CLIENT_CRL; without, certificates are refused.';
    const ends = { what: 'a revocation list', at: until };
    findings.push(findingOf('revocation lists', ends, now, LIST_WARNING_DAYS, remedy));
  }
  return findings;
}

function findingOf(
  check: string,
  ends: { readonly what: string; readonly at: Date },
  now: Date,
  warningDays: number,
  remedy: string,
): Finding {
  const daysLeft = (ends.at.getTime() - now.getTime()) / DAY_MS;
  const day = ends.at.toISOString();
  if (daysLeft <= 0) {
    const detail = `${ends.what} has ended: ${day}`;
    return { check, state: 'failing', detail, remedy };
  }
  const detail = `${ends.what} ends ${day}`;
  return daysLeft > warningDays
    ? { check, state: 'ok', detail }
    : { check, state: 'warning', detail, remedy };
}
