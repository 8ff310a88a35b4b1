/** A hardware token in software: it counts, or has a clock of its own that nobody sets. */
import { randomSecret, encodeSecret } from '../../src/otp/secret.js';
import { hotp } from '../../src/otp/hotp.js';
import { stepAt } from '../../src/otp/totp.js';
import type { CallOptions, TestApplication } from './application.js';

export class CountingToken {
  readonly secret = randomSecret();
  readonly base32 = encodeSecret(this.secret);

  /** @param counter of the next code */
  constructor(public counter = 0) {}

  /** Presses the button. */
  press(): string {
    return this.codeOf(this.counter++);
  }

  /** Presses it where nobody looks. */
  pressBlindly(times: number): void {
    this.counter += times;
  }

  /** The code of a counter, without a press. */
  codeOf(counter: number): string {
    return hotp(this.secret, counter, 6, 'SHA1');
  }

  /** A code that is of none of the next counters. */
  wrong(salt = 0): string {
    const near = new Set(Array.from({ length: 40 }, (_, n) => this.codeOf(this.counter + n)));
    for (let n = salt; ; n++) {
      const code = String(n % 1_000_000).padStart(6, '0');
      if (!near.has(code)) return code;
    }
  }
}

export class TickingToken {
  readonly secret = randomSecret();
  readonly base32 = encodeSecret(this.secret);

  /** @param driftSeconds how far its clock is ahead of the service's */
  constructor(
    private readonly service: Pick<TestApplication, 'clock'>,
    public driftSeconds = 0,
  ) {}

  /** What it shows now, or some steps away from now. */
  code(stepsAway = 0): string {
    const shown = new Date(this.service.clock.now().getTime() + this.driftSeconds * 1000);
    return hotp(this.secret, stepAt(shown, 30) + stepsAway, 6, 'SHA1');
  }
}

/** Enrols a token that counts as a user's active factor. @returns its factor's id */
export async function enrolToken(
  service: TestApplication,
  userId: string,
  token: CountingToken,
  body: Record<string, unknown> = {},
): Promise<string> {
  const path = `/v1/users/${userId}/factors`;
  const enrolled = await service.call('POST', path, {
    ...{ type: 'hotp', secret: token.base32, counter: token.counter },
    ...body,
  });
  const id = enrolled.body.id as string;
  const active = await service.call('POST', `/v1/factors/${id}/activate`, { code: token.press() });
  if (active.status !== 200) throw new Error(`activation was answered ${active.text}`);
  return id;
}

/** Puts tokens into the stock of a realm, by an import. */
export async function stock(
  service: TestApplication,
  tokens: Readonly<Record<string, CountingToken | TickingToken>>,
  options: CallOptions = {},
): Promise<void> {
  const rows = Object.entries(tokens).map(([serial, token]) => {
    const type = token instanceof CountingToken ? 'hotp' : 'totp';
    return `${serial},${token.base32},${type},6,30,SHA1`;
  });
  const content = rows.join('\n');
  const path = '/v1/tokens-import';
  const answer = await service.call('POST', path, { format: 'oath-csv', content }, options);
  if (answer.body.imported !== rows.length)
    throw new Error(`the import was answered ${answer.text}`);
}
