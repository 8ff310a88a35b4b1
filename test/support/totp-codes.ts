/** Codes that an authenticator app does not show. */
import type { Authenticator } from './authenticator.js';

/** A code of six digits that is not right now, nor within some steps of now. */
export function wrongCode(app: Pick<Authenticator, 'code'>, salt = 0): string {
  const right = new Set([-3, -2, -1, 0, 1, 2, 3].map((steps) => app.code(steps)));
  for (let n = salt; ; n++) {
    const code = String(n % 1_000_000).padStart(6, '0');
    if (!right.has(code)) return code;
  }
}
