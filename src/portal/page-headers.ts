import type { FastifyReply } from 'fastify';
import type { Setting } from './page.js';

/**
 * Says of a page what browsers may do with it (S99, S103): nothing from elsewhere, no script but those that
 * carry the nonce, no frame but in origins that the application has listed.
 *
 * `form-action` holds for where a form's answer leads to as well, so the application's own origin is in it.
 * `Referrer-Policy: same-origin`, for with `no-referrer` browsers send forms with `Origin: null`.
 */
export function setPageHeaders(
  reply: FastifyReply,
  nonce: string,
  { frameOrigins, formOrigins }: Pick<Setting, 'frameOrigins' | 'formOrigins'>,
): void {
  const frames = frameOrigins.length > 0 ? frameOrigins.join(' ') : "'none'";
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action ${["'self'", ...formOrigins].join(' ')}`,
    `frame-ancestors ${frames}`,
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ];
  void reply.headers({
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy.join('; '),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
  });
  // It knows no list of origins; browsers that know frame-ancestors look at that alone.
  if (frameOrigins.length > 0) void reply.removeHeader('X-Frame-Options');
}
