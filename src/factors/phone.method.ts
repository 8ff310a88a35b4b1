import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Envelope } from '../crypto/envelope.js';
import { channels, type Channel } from '../delivery/channel.js';
import { Delivery } from '../delivery/delivery.js';
import { readPhoneNumber, type PhoneNumber } from '../delivery/phone-number.js';
import type { Factor } from './factor.js';
import { secretPlace, type Checkable, type Enrolment, type FactorPlace } from './method.js';

/** What a phone is called whose user has given it no name. */
export const PHONE_NAME = 'Phone';

/** A phone factor's parameters as they are stored; the number itself is the sealed secret. */
const storedParameters = z.object({
  channel: z.enum(channels),
  /** The factor whose number this one replaces. */
  replaces: z.string().optional(),
});

export interface PhoneRequest {
  readonly number: PhoneNumber;
  readonly channel: Channel;
  readonly replaces: string | undefined;
}

/** Phones. What proves them is a challenge's code; here is only what is stored of one. */
@Injectable()
export class PhoneMethod {
  readonly type = 'phone';

  constructor(
    private readonly envelope: Envelope,
    private readonly delivery: Delivery,
  ) {}

  enrol(place: FactorPlace, { number, channel, replaces }: PhoneRequest): Enrolment {
    return {
      secret: this.envelope.seal(Buffer.from(number.e164), secretPlace(place)),
      lookup: this.delivery.hashOf(place.realmId, number),
      parameters: {
        channel,
        ...(replaces !== undefined && { replaces }),
      } satisfies z.infer<typeof storedParameters>,
      defaultName: PHONE_NAME,
    };
  }

  /** Whether one of these factors, phones or not, has the number. */
  isAmong(factors: readonly Factor[], { e164 }: PhoneNumber): boolean {
    const phones = factors.filter(({ type }) => type === this.type);
    return phones.some((factor) => this.numberOf(factor)?.e164 === e164);
  }

  /** @returns undefined once the factor is revoked and its number destroyed */
  numberOf(factor: Checkable): PhoneNumber | undefined {
    if (factor.secret === null) return undefined;
    return readPhoneNumber(this.envelope.open(factor.secret, secretPlace(factor)).toString());
  }
}

/** What may be shown of a phone factor. */
export function phoneOf(factor: Pick<Factor, 'type' | 'parameters'>) {
  return factor.type === 'phone' ? storedParameters.parse(factor.parameters) : undefined;
}
