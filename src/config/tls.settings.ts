/** TLS that the service ends itself, and who shows certificates. docs/mutual-tls.md explains each. */
import { z } from 'zod';
import { optionalText, setting } from './setting.js';

/** Headers that proxies and browsers set, or that mean something here already. */
const taken =
  /^(accept|authorization|connection|content|cookie|forwarded|host|idempotency|origin|proxy|referer|sec|te|trace|traceparent|trailer|transfer|upgrade|via|x-forwarded|x-real|x-request)(-|$)/i;

export const tlsSettings = {
  tlsCert: setting(
    'WATCHWORD_TLS_CERT',
    optionalText,
    undefined,
    'PEM file with the service’s certificate, its intermediates after it. With it the port speaks HTTPS alone. This file and the three below are read again when they change.',
  ),
  tlsKey: setting(
    'WATCHWORD_TLS_KEY',
    optionalText,
    undefined,
    'PEM file with the private key of WATCHWORD_TLS_CERT.',
  ),
  tlsClientCa: setting(
    'WATCHWORD_TLS_CLIENT_CA',
    optionalText,
    undefined,
    'PEM file with the authorities whose client certificates are believed, intermediates included.',
  ),
  tlsClientCrl: setting(
    'WATCHWORD_TLS_CLIENT_CRL',
    optionalText,
    undefined,
    'PEM file with the revocation lists of these authorities. With it, each of them needs a list that holds now.',
  ),
  tlsClientCertHeader: setting(
    'WATCHWORD_TLS_CLIENT_CERT_HEADER',
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be the name of a header')
      .refine((name) => !taken.test(name), 'must be a header of its own, as X-Client-Cert')
      .transform((name) => name.toLowerCase())
      .optional(),
    undefined,
    'Header in which a proxy of WATCHWORD_TRUSTED_PROXIES that is connected directly hands on the client’s certificate: percent-encoded PEM (nginx), or as RFC 9440 has it.',
  ),
} as const;
