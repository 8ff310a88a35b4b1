/** How far a clock is out, by a code that it has made. */
import { clockAhead } from '../../src/otp/clock-error.js';
import { stepAt, totp } from '../../src/otp/totp.js';

const secret = Buffer.from('12345678901234567890');
const parameters = { algorithm: 'SHA1', digits: 8, periodSeconds: 30 } as const;
const now = new Date('2026-03-01T12:00:10Z');

const codeAt = (seconds: number) =>
  totp(secret, stepAt(new Date(now.getTime() + seconds * 1000), 30), parameters);
const ahead = (code: string, at = now) => clockAhead({ code, secret, parameters, now: at });

it.each([
  [0, 0],
  [90, 90],
  [-600, -600],
  [3600, 3600],
  [-7200, -7200],
  [5 * 3600 + 60, 5 * 3600 + 60],
  [14 * 3600, 14 * 3600],
])('a clock that is %d seconds ahead', (seconds, found) => {
  expect(ahead(codeAt(seconds))).toBe(found);
});

it('knows no clock that is out by half a zone, or by days, and none for a code of nothing', () => {
  expect(ahead(codeAt(2.5 * 3600))).toBeNull();
  expect(ahead(codeAt(86_400))).toBeNull();
  expect(ahead('00000000')).toBeNull();
});

it('looks at no step before 1970', () => {
  expect(ahead('00000000', new Date(0))).toBeNull();
});
