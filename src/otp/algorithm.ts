/** The HMAC hashes of RFC 6238 section 1.2, by the names that key URIs use. */
export const algorithms = ['SHA1', 'SHA256', 'SHA512'] as const;

export type Algorithm = (typeof algorithms)[number];

/** What a token that counts and this service must agree on, beside the secret and the counter. */
export interface HotpParameters {
  algorithm: Algorithm;
  digits: 6 | 7 | 8;
}

/** What an authenticator app and this service must agree on, beside the secret. */
export interface TotpParameters extends HotpParameters {
  /** Seconds a step lasts: a whole number, 15 to 120 (S5). */
  periodSeconds: number;
}

/** What every authenticator app takes; many ignore anything else in the QR code. */
export const defaultTotpParameters: TotpParameters = {
  algorithm: 'SHA1',
  digits: 6,
  periodSeconds: 30,
};
