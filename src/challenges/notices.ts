import { Injectable } from '@nestjs/common';
import type { Caller } from '../applications/application.js';
import { Delivery } from '../delivery/delivery.js';
import type { Letter } from '../delivery/provider.js';
import {
  bypassedMessage,
  changedMessage,
  recoveredMessage,
  type Locale,
} from '../delivery/texts.js';
import type { Factor } from '../factors/factor.js';
import { FactorsService } from '../factors/factors.service.js';
import { PhoneMethod } from '../factors/phone.method.js';
import type { Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';

const NOTICE_SECONDS = 3600;

interface Writing {
  readonly write: (locale: Locale, realm: string) => string;
  /** Undefined: the language of the service. */
  readonly localeTag: string | undefined;
}

/** What a number is told without having asked. */
@Injectable()
export class Notices {
  constructor(
    private readonly delivery: Delivery,
    private readonly phones: PhoneMethod,
    private readonly factors: FactorsService,
  ) {}

  /**
   * Tells a number that another one took its place (S57), in the caller's transaction. The limits of the
   * number do not hold for it, the budgets and pauses do.
   *
   * @returns what to carry after the commit; undefined where nothing may be sent
   */
  tellReplaced(
    executor: Executor,
    caller: Caller,
    old: Factor,
    localeTag: string,
    now: Date,
  ): Promise<Letter | undefined> {
    return this.tell(executor, caller, old, { write: changedMessage, localeTag }, now);
  }

  /**
   * Tells the user's phones that a recovery code was used (S16), in the caller's transaction and within the
   * same bounds. An attacker who has a code hides its use by spending a budget first: the audit tells it still.
   *
   * @returns what to carry after the commit
   */
  async tellRecoveryUsed(
    executor: Executor,
    caller: Caller,
    userId: string,
    now: Date,
  ): Promise<Letter[]> {
    return this.tellPhones(executor, caller, userId, recoveredMessage, now);
  }

  /** The same of an operator's code. */
  async tellBypassUsed(
    executor: Executor,
    caller: Caller,
    userId: string,
    now: Date,
  ): Promise<Letter[]> {
    return this.tellPhones(executor, caller, userId, bypassedMessage, now);
  }

  private async tellPhones(
    executor: Executor,
    caller: Caller,
    userId: string,
    write: Writing['write'],
    now: Date,
  ): Promise<Letter[]> {
    const { realmId } = caller.application;
    const letters: Letter[] = [];
    for (const phone of await this.factors.activePhones(executor, realmId, userId)) {
      const written = { write, localeTag: undefined };
      const letter = await this.tell(executor, caller, phone, written, now);
      if (letter !== undefined) letters.push(letter);
    }
    return letters;
  }

  carry(letter: Letter | undefined): void {
    if (letter !== undefined) this.delivery.carry([letter]);
  }

  private async tell(
    executor: Executor,
    { application }: Caller,
    phone: Factor,
    { write, localeTag }: Writing,
    now: Date,
  ): Promise<Letter | undefined> {
    const { realmId, realmName, id: applicationId } = application;
    const number = this.phones.numberOf(phone);
    if (number === undefined || this.delivery.fixedCode(number) !== undefined) return undefined;
    if (this.delivery.refuseEarly(number, 'sms') !== undefined) return undefined;
    const asking = { realmId, applicationId, userId: phone.userId, address: null };
    const send = this.delivery.sendOf(asking, number, 'sms', true);
    const [verdict] = await this.delivery.admit(executor, [send], now);
    if (verdict?.admitted !== true) return undefined;
    const locale = this.delivery.localeFor(localeTag);
    const letter: Letter = {
      id: newId('msg'),
      channel: 'sms',
      to: number.e164,
      country: number.country,
      text: write(locale, realmName),
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
}
