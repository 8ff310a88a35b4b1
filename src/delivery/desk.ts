import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { OperatorError } from '../errors.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { Channel } from './channel.js';
import { pauseKey, type PauseTarget } from './counter.js';
import { CountersRepository } from './counters.repository.js';
import { Delivery } from './delivery.js';
import { Dispatcher } from './dispatcher.js';
import type { MessageState } from './message.js';
import { readPhoneNumber } from './phone-number.js';
import { spokenMessage, type Locale } from './texts.js';

const MICROS = 1_000_000;
const DAY_MS = 86_400_000;
const TEST_SECONDS = 600;
/** Nobody's message: it belongs to no realm. */
const NO_REALM = '*';

/** A line of what is going on. */
export interface Figure {
  readonly figure: string;
  readonly of: string;
  readonly value: string;
}

/** Delivery, as an operator sees and steers it. */
@Injectable()
export class DeliveryDesk {
  constructor(
    private readonly counters: CountersRepository,
    private readonly delivery: Delivery,
    private readonly dispatcher: Dispatcher,
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * The budgets of today, what is paused, and what became of the messages of the last 24 hours.
   *
   * @param realmNames names by id, to show instead of ids
   */
  async stats(realmNames: ReadonlyMap<string, string>): Promise<Figure[]> {
    const now = this.clock.now();
    const { paused, budgets } = await this.counters.overview(now);
    const { config } = this;
    return [
      ...budgets.flatMap(({ key, used, spent_micros }) => {
        const realm = key.split('/')[2];
        const of = realm === undefined ? 'all realms' : `realm ${realmNames.get(realm) ?? realm}`;
        const messages = realm ? config.smsRealmDailyMessages : config.smsDailyMessages;
        const spend = realm ? config.smsRealmDailySpend : config.smsDailySpend;
        return [
          { figure: 'messages today', of, value: `${used} of ${messages}` },
          { figure: 'spent today', of, value: `${money(spent_micros)} of ${money(spend)}` },
        ];
      }),
      ...paused.map(({ key, paused_until }) => ({
        figure: 'paused',
        of: key.replace(/^pause\//, '').replaceAll('/', ' '),
        value: `until ${paused_until?.toISOString() ?? ''}`,
      })),
      ...(await this.outcomes(now)),
    ];
  }

  /** @param minutes how long */
  async pause(target: PauseTarget, minutes: number): Promise<void> {
    const now = this.clock.now();
    await this.counters.setPause(pauseKey(target), new Date(now.getTime() + minutes * 60_000), now);
  }

  /** Ends a pause, of an operator's or of a prefix's own. */
  async resume(target: PauseTarget): Promise<void> {
    const now = this.clock.now();
    await this.counters.setPause(pauseKey(target), now, now);
    if (target.prefix !== undefined) await this.counters.endPausesOf(target.prefix, now);
  }

  /**
   * Sends a real message through the configured providers, past the limits and budgets.
   *
   * @returns what became of it when every provider that had to be asked has answered
   * @throws OperatorError where it cannot be sent at all
   */
  async test(to: string, channel: Channel): Promise<MessageState & { readonly id: string }> {
    const number = readPhoneNumber(to);
    if (number === undefined)
      throw new OperatorError('This is no telephone number. Give it as +14155550123.');
    const block = this.delivery.refuseEarly(number, channel);
    if (block !== undefined) throw new OperatorError(blocks[block]);
    const now = this.clock.now();
    const locale: Locale = 'en';
    const letter = {
      ...{ id: newId('msg'), channel, to: number.e164, country: number.country, language: locale },
      text: 'This is a test of Watchword. There is nothing to do.',
      ...(channel === 'voice' && spokenMessage(locale, 'test', '123456')),
      expiresAt: new Date(now.getTime() + TEST_SECONDS * 1000),
    };
    await this.delivery.queue(this.database.kysely, [
      {
        ...{ realmId: NO_REALM, challengeId: null, letter, budgetKeys: [], costMicros: 0 },
        createdAt: now,
      },
    ]);
    this.delivery.carry([letter]);
    await this.dispatcher.settled();
    const state = await this.delivery.stateOf(letter.id);
    if (state === undefined) throw new Error('the message is gone');
    return { id: letter.id, ...state };
  }

  private async outcomes(now: Date): Promise<Figure[]> {
    const rows = await this.database.kysely
      .selectFrom('messages')
      .select((select) => [
        'status',
        'provider',
        'failure',
        'channel',
        'country',
        select.fn.countAll<number>().as('count'),
      ])
      .where('created_at', '>', new Date(now.getTime() - DAY_MS))
      .groupBy(['status', 'provider', 'failure', 'channel', 'country'])
      .orderBy('count', 'desc')
      .execute();
    return rows.map(({ status, provider, failure, channel, country, count }) => ({
      figure: `${status}, 24 h`,
      of: [provider, channel, country, failure].filter((part) => part !== null).join(' '),
      value: String(count),
    }));
  }
}

const blocks = {
  country: 'Numbers of this country get nothing. Add it to WATCHWORD_SMS_COUNTRIES.',
  line: 'This kind of line cannot get such a message. Try a mobile number, or another channel.',
  channel: 'No configured provider carries this channel. See WATCHWORD_SMS_PROVIDERS.',
} as const;

function money(micros: number): string {
  return (micros / MICROS).toFixed(2);
}
