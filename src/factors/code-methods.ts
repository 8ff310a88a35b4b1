import { Injectable } from '@nestjs/common';
import { sameBytes } from '../crypto/digest.js';
import { Envelope } from '../crypto/envelope.js';
import type { FactorType } from './factor.js';
import { HotpMethod } from './hotp.method.js';
import { secretPlace, type Checkable, type CodeMethod } from './method.js';
import { TotpMethod } from './totp.method.js';

/** The kinds of factor whose codes a device of the user's shows, app or token. */
export const deviceTypes = ['totp', 'hotp'] as const satisfies FactorType[];
export type DeviceType = (typeof deviceTypes)[number];

/** Which kind has to do with a factor. */
@Injectable()
export class CodeMethods {
  private readonly byType: Readonly<Record<DeviceType, CodeMethod>>;

  constructor(
    totp: TotpMethod,
    hotp: HotpMethod,
    private readonly envelope: Envelope,
  ) {
    this.byType = { totp, hotp };
  }

  /** @returns undefined for a factor whose codes come another way */
  of({ type }: Pick<Checkable, 'type'>): CodeMethod | undefined {
    return isDevice(type) ? this.byType[type] : undefined;
  }

  /** Whether one of the factors has this very secret: two would each take a code of it once (S23). */
  isAmong(factors: readonly Checkable[], secret: Uint8Array): boolean {
    return factors.some((factor) => {
      if (!isDevice(factor.type) || factor.secret === null) return false;
      return sameBytes(this.envelope.open(factor.secret, secretPlace(factor)), secret);
    });
  }
}

function isDevice(type: FactorType): type is DeviceType {
  return type === 'totp' || type === 'hotp';
}
