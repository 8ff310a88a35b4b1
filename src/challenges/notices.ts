import { Injectable } from '@nestjs/common';
import type { Caller } from '../applications/application.js';
import { Delivery } from '../delivery/delivery.js';
import type { Letter } from '../delivery/provider.js';
import { changedMessage } from '../delivery/texts.js';
import type { Factor } from '../factors/factor.js';
import { PhoneMethod } from '../factors/phone.method.js';
import type { Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';

const NOTICE_SECONDS = 3600;

/** What a number is told without having asked. */
@Injectable()
export class Notices {
  constructor(
    private readonly delivery: Delivery,
    private readonly phones: PhoneMethod,
  ) {}

  /**
   * Tells a number that another one took its place (S57), in the caller's transaction. The limits of the
   * number do not hold for it, the budgets and pauses do.
   *
   * @returns what to carry after the commit; undefined where nothing may be sent
   */
  async tellReplaced(
    executor: Executor,
    { application }: Caller,
    old: Factor,
    localeTag: string,
    now: Date,
  ): Promise<Letter | undefined> {
    const { realmId, realmName, id: applicationId } = application;
    const number = this.phones.numberOf(old);
    if (number === undefined || this.delivery.fixedCode(number) !== undefined) return undefined;
    if (this.delivery.refuseEarly(number, 'sms') !== undefined) return undefined;
    const asking = { realmId, applicationId, userId: old.userId, address: null };
    const send = this.delivery.sendOf(asking, number, 'sms', true);
    const [verdict] = await this.delivery.admit(executor, [send], now);
    if (verdict?.admitted !== true) return undefined;
    const locale = this.delivery.localeFor(localeTag);
    const letter: Letter = {
      id: newId('msg'),
      channel: 'sms',
      to: number.e164,
      country: number.country,
      text: changedMessage(locale, realmName),
      language: locale,
      expiresAt: new Date(now.getTime() + NOTICE_SECONDS * 1000),
    };
    await this.delivery.queue(executor, [
      {
        realmId,
        challengeId: null,
        letter,
        budgetKeys: verdict.budgetKeys,
        costMicros: send.costMicros,
        createdAt: now,
      },
    ]);
    return letter;
  }

  carry(letter: Letter | undefined): void {
    if (letter !== undefined) this.delivery.carry([letter]);
  }
}
