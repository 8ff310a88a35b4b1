/**
 * The configured providers, their order and their health.
 *
 * - The order is that of the country's route, or of WATCHWORD_SMS_PROVIDERS; those whose breaker is open
 *   come last, so that a sick provider is still asked where there is no other.
 * - A breaker opens after five failures in a row and lets one message try again after ten seconds. A
 *   message that is declined says nothing about its provider's health.
 * - A provider has two seconds to answer.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import type { ProviderName } from '../config/sms.settings.js';
import type { Channel } from './channel.js';
import { ConsoleProvider } from './console.provider.js';
import { DeliveryMetrics } from './delivery.metrics.js';
import { Inbox } from './inbox.js';
import { ProviderError, type Letter, type Provider } from './provider.js';
import { TwilioProvider } from './twilio.provider.js';
import { WebhookProvider } from './webhook.provider.js';

const ANSWER_MS = 2_000;
/** For a provider that was told to stop waiting to say what it knows. */
const GRACE_MS = 250;
const FAILURES_IN_A_ROW = 5;
const TRY_AGAIN_AFTER_MS = 10_000;

interface Guarded {
  readonly provider: Provider;
  readonly breaker: CircuitBreakerPolicy;
  /** When the breaker last opened. */
  openedAt: number;
}

@Injectable()
export class Providers {
  private readonly guarded: ReadonlyMap<ProviderName, Guarded>;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly clock: Clock,
    private readonly inbox: Inbox,
    private readonly metrics: DeliveryMetrics,
  ) {
    this.guarded = new Map(
      config.smsProviders.map((name) => {
        const breaker = circuitBreaker(handleWhen(isUnhealthy), {
          breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
          halfOpenAfter: TRY_AGAIN_AFTER_MS,
        });
        breaker.onStateChange((state) => {
          metrics.setBreaker(name, state === CircuitState.Open);
        });
        metrics.setBreaker(name, false);
        const guarded: Guarded = { provider: this.make(name), breaker, openedAt: 0 };
        breaker.onBreak(() => (guarded.openedAt = clock.now().getTime()));
        return [name, guarded];
      }),
    );
  }

  /**
   * Who may carry such a message, the one to ask first in front.
   *
   * @param avoid who carried the code before, which did not help
   */
  inOrder(country: string, channel: Channel, avoid?: string): ProviderName[] {
    const route = this.config.smsRoutes.get(country) ?? this.config.smsProviders;
    const able = route.filter((name) => this.guarded.get(name)?.provider.carries(channel));
    const rank = (name: ProviderName) => (this.isOpen(name) ? 2 : name === avoid ? 1 : 0);
    return able.toSorted((one, other) => rank(one) - rank(other));
  }

  /**
   * Hands a message to a provider.
   *
   * @param isLast there is nobody else to ask: it is tried though its breaker is open
   * @returns the vendor's id
   * @throws ProviderError
   */
  async send(name: ProviderName, letter: Letter, isLast: boolean): Promise<string | null> {
    const guarded = this.guarded.get(name);
    if (guarded === undefined) throw new ProviderError('refused', 'not configured');
    const { provider, breaker } = guarded;
    const attempt = () => bounded((signal) => provider.send(letter, signal));
    const stop = this.metrics.timeSend(name);
    try {
      return await breaker.execute(attempt);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      if (isLast) return await attempt();
      throw new ProviderError('refused', 'breaker open');
    } finally {
      stop();
    }
  }

  health(): { name: ProviderName; healthy: boolean }[] {
    return [...this.guarded.keys()].map((name) => ({ name, healthy: !this.isOpen(name) }));
  }

  private isOpen(name: ProviderName): boolean {
    const guarded = this.guarded.get(name);
    if (guarded?.breaker.state !== CircuitState.Open) return false;
    return this.clock.now().getTime() - guarded.openedAt < TRY_AGAIN_AFTER_MS;
  }

  private make(name: ProviderName): Provider {
    const now = () => this.clock.now();
    switch (name) {
      case 'twilio':
        return new TwilioProvider(this.config, ANSWER_MS, now);
      case 'webhook':
        return new WebhookProvider(this.config, now);
      case 'console':
        return new ConsoleProvider(this.inbox);
    }
  }
}

function isUnhealthy(error: unknown): boolean {
  return !(error instanceof ProviderError) || ['refused', 'unanswered'].includes(error.refusal);
}

/** An answer within the bound, or none at all: not every SDK knows how to stop waiting. */
async function bounded<Answer>(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const end = new AbortController();
  const tooLate = delay(ANSWER_MS + GRACE_MS, undefined, { signal: end.signal, ref: false }).then(
    () => {
      throw new ProviderError('unanswered', 'timeout');
    },
  );
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([ask(AbortSignal.timeout(ANSWER_MS)), tooLate]);
  } finally {
    end.abort();
  }
}
