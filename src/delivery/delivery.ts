import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { Keyring } from '../crypto/keyring.js';
import type { Executor } from '../storage/database.js';
import { channels, type Channel } from './channel.js';
import type { EarlyBlock, Send } from './counter.js';
import { CountersRepository } from './counters.repository.js';
import { DeliveryMetrics } from './delivery.metrics.js';
import { Dispatcher } from './dispatcher.js';
import type { MessageState, NewMessage } from './message.js';
import { MessagesRepository } from './messages.repository.js';
import { canReceive, type PhoneNumber } from './phone-number.js';
import type { Letter } from './provider.js';
import { Providers } from './providers.js';
import type { Block, Verdict } from './shield.js';
import { nearestLocale, type Locale } from './texts.js';

/** Who asks for a message, and for whom. */
export interface Asking {
  readonly realmId: string;
  readonly applicationId: string;
  readonly userId: string | null;
  readonly address: string | null;
}

/**
 * Messages to phones, for whoever has something to send: may it be sent, what does it cost, write it
 * down in your transaction, carry it after your commit.
 */
@Injectable()
export class Delivery {
  private readonly hashes: KeyedHash;
  private readonly exempt: ReadonlySet<string>;
  private readonly countries: ReadonlySet<string>;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly messages: MessagesRepository,
    private readonly counters: CountersRepository,
    private readonly dispatcher: Dispatcher,
    private readonly providers: Providers,
    private readonly metrics: DeliveryMetrics,
    private readonly clock: Clock,
    keyring: Keyring,
  ) {
    this.hashes = new KeyedHash(keyring, 'phone');
    this.exempt = new Set(config.smsAllowedNumbers);
    this.countries = new Set(config.smsCountries);
  }

  /** What a number is found by: the same number in two realms has nothing in common. */
  hashOf(realmId: string, { e164 }: Pick<PhoneNumber, 'e164'>): Buffer {
    return this.hashes.hash(realmId, e164);
  }

  /** The hashes a number may have been stored under, by every key of the ring. */
  hashesOf(realmId: string, { e164 }: Pick<PhoneNumber, 'e164'>): Buffer[] {
    return this.hashes.candidates(realmId, e164);
  }

  /** The checks that cost nothing (S53). @returns undefined where nothing speaks against it yet */
  refuseEarly(number: PhoneNumber, channel: Channel): EarlyBlock | undefined {
    if (this.fixedCode(number) !== undefined) return undefined;
    if (!this.allowsCountry(number)) return 'country';
    if (!canReceive(number, channel)) return 'line';
    return this.providers.inOrder(number.country, channel).length === 0 ? 'channel' : undefined;
  }

  /** The channels that nothing speaks against yet. */
  channelsFor(number: PhoneNumber): Channel[] {
    return channels.filter((channel) => this.refuseEarly(number, channel) === undefined);
  }

  /** The code of a test number, to which nothing is sent; undefined for every other number. */
  fixedCode({ e164 }: Pick<PhoneNumber, 'e164'>): string | undefined {
    const code = this.config.testNumbers.get(e164);
    if (code === undefined || !this.config.production) return code;
    const until = this.config.testNumbersInProduction.get(e164);
    return until !== undefined && this.clock.now() < until ? code : undefined;
  }

  /** Whether numbers of a country can get messages at all. @param country ISO code */
  reaches(country: string): boolean {
    const carries = (channel: Channel) => this.providers.inOrder(country, channel).length > 0;
    return this.takesCountry(country) && channels.some(carries);
  }

  /** The language of a message: the one asked for, or the configured one. */
  localeFor(tag: string | undefined): Locale {
    return nearestLocale(tag ?? '') ?? nearestLocale(this.config.smsLocale) ?? 'en';
  }

  /** @param isNotice the service owes it: the budgets and pauses alone hold */
  sendOf(asking: Asking, number: PhoneNumber, channel: Channel, isNotice = false): Send {
    return {
      ...asking,
      early: this.refuseEarly(number, channel),
      number: this.hashOf(asking.realmId, number).toString('base64url'),
      country: number.country,
      prefix: number.prefix,
      channel,
      costMicros: this.price(number.country, channel),
      exempt: isNotice || this.exempt.has(number.e164),
    };
  }

  /** Decides on messages and counts them, in the caller's transaction. */
  admit(executor: Executor, sends: readonly Send[], now: Date): Promise<Verdict[]> {
    return this.counters.admitAll(executor, sends, this.config, now);
  }

  countBlocked(block: Block | EarlyBlock, country: string): void {
    this.metrics.countBlocked(block, country);
  }

  /** Writes messages into the outbox, in the caller's transaction. */
  queue(executor: Executor, messages: readonly NewMessage[]): Promise<void> {
    return this.messages.add(executor, messages);
  }

  /** Keeps everybody else from messages, to the end of the caller's transaction. */
  hold(executor: Executor, ids: readonly string[]): Promise<void> {
    return this.messages.hold(executor, ids);
  }

  /** Takes messages back that are of no use any more, in the caller's transaction. */
  withdraw(executor: Executor, ids: readonly string[], now: Date): Promise<void> {
    return this.messages.withdraw(executor, ids, now);
  }

  /** Begins to carry what has been committed. */
  carry(letters: readonly Letter[]): void {
    this.dispatcher.carry(letters);
  }

  stateOf(messageId: string): Promise<MessageState | undefined> {
    return this.messages.find(messageId);
  }

  private allowsCountry({ e164, country }: PhoneNumber): boolean {
    return this.exempt.has(e164) || this.takesCountry(country);
  }

  private takesCountry(country: string): boolean {
    if (this.countries.has(country)) return true;
    // Nothing leaves the machine: a newcomer's own number should simply work.
    const { smsProviders } = this.config;
    return this.countries.size === 0 && smsProviders.every((name) => name === 'console');
  }

  private price(country: string, channel: Channel): number {
    const { smsPrices } = this.config;
    const keys = [`${country}/${channel}`, country, `*/${channel}`, '*'];
    const priced = keys.find((key) => smsPrices.has(key));
    return priced === undefined ? 0 : (smsPrices.get(priced) ?? 0);
  }
}
