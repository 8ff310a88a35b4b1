import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Envelope } from '../crypto/envelope.js';
import { channels, type Channel } from '../delivery/channel.js';
import { Delivery } from '../delivery/delivery.js';
import { mask, readPhoneNumber, type PhoneNumber } from '../delivery/phone-number.js';
import type { Factor } from './factor.js';
import type { Checkable, Enrolment, FactorPlace } from './method.js';

/** A phone factor's parameters as they are stored; the number itself is the sealed secret. */
const storedParameters = z.object({
  channel: z.enum(channels),
  masked: z.string(),
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
      secret: this.envelope.seal(Buffer.from(number.e164), sealedAt(place)),
      lookup: this.delivery.hashOf(place.realmId, number),
      parameters: {
        channel,
        masked: mask(number.e164),
        ...(replaces !== undefined && { replaces }),
      } satisfies z.infer<typeof storedParameters>,
      defaultName: 'Phone',
    };
  }

  hasNumber(factor: Checkable, number: PhoneNumber): boolean {
    return this.numberOf(factor)?.e164 === number.e164;
  }

  /** @returns undefined once the factor is revoked and its number destroyed */
  numberOf(factor: Checkable): PhoneNumber | undefined {
    if (factor.secret === null) return undefined;
    return readPhoneNumber(this.envelope.open(factor.secret, sealedAt(factor)).toString());
  }
}

/** What may be shown of a phone factor. */
export function phoneOf(factor: Pick<Factor, 'type' | 'parameters'>) {
  return factor.type === 'phone' ? storedParameters.parse(factor.parameters) : undefined;
}

function sealedAt({ id, realmId, userId }: FactorPlace) {
  return { table: 'factors', column: 'secret', realmId, userId, rowId: id };
}
