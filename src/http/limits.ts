/**
 * How many requests are taken in. In memory for each replica, or exact across replicas where a Valkey
 * or Redis address is configured; neither costs the database a statement. These limits keep the
 * service up; the budgets that keep guesses down are challenges/lockout.ts and always exact.
 */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'iovalkey';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { addressBucket } from '../applications/client-address.js';

const APPLICATION_WINDOW_SECONDS = 10;
const ADDRESS_WINDOW_SECONDS = 60;

@Injectable()
export class Limits implements OnApplicationShutdown {
  private readonly redis: Redis | undefined;
  private readonly applications: RateLimiterAbstract;
  private readonly addresses: RateLimiterAbstract;
  private readonly underWay = new Map<string, number>();

  constructor(@Inject(CONFIG) private readonly config: Config) {
    if (config.redisUrl !== undefined)
      this.redis = new Redis(config.redisUrl, { enableOfflineQueue: false, lazyConnect: false });
    // Told through the limiter, which then answers 503 (S46); an unheard event would end the process.
    this.redis?.on('error', () => undefined);
    this.applications = this.limiter('app', config.applicationRate, APPLICATION_WINDOW_SECONDS);
    this.addresses = this.limiter('addr', config.addressRate, ADDRESS_WINDOW_SECONDS);
  }

  /**
   * Takes in a request of an application, until `leave` says that it is done.
   *
   * @throws WatchwordError `rate_limited`; `overloaded` where the limiter itself is gone
   */
  async enter(applicationId: string): Promise<void> {
    const now = this.underWay.get(applicationId) ?? 0;
    // A noisy application waits for its own requests, not the others for it (S110).
    if (now >= this.config.applicationConcurrency)
      throw new WatchwordError('rate_limited', { retry_after: 1 });
    this.underWay.set(applicationId, now + 1);
    try {
      await consume(this.applications, applicationId);
    } catch (error) {
      this.leave(applicationId);
      throw error;
    }
  }

  leave(applicationId: string): void {
    const left = (this.underWay.get(applicationId) ?? 1) - 1;
    if (left > 0) this.underWay.set(applicationId, left);
    else this.underWay.delete(applicationId);
  }

  /**
   * Counts a request that nobody vouched for against its address.
   *
   * @throws WatchwordError `rate_limited`; `overloaded` where the limiter itself is gone
   */
  async countAddress(address: string): Promise<void> {
    await consume(this.addresses, addressBucket(address));
  }

  /** Whether an address has used up its unvouched requests, so that the next is not even looked at. */
  async refuseAddress(address: string): Promise<void> {
    const state = await answered(this.addresses.get(addressBucket(address)));
    if (state !== null && state.consumedPoints > this.config.addressRate) throw tooMany(state);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.redis?.quit().catch(() => undefined);
  }

  private limiter(keyPrefix: string, points: number, duration: number): RateLimiterAbstract {
    const options = { keyPrefix: `watchword:${keyPrefix}`, points, duration };
    return this.redis === undefined
      ? new RateLimiterMemory(options)
      : new RateLimiterRedis({ ...options, storeClient: this.redis });
  }
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<void> {
  await answered(limiter.consume(key));
}

async function answered<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (reason) {
    if (reason instanceof RateLimiterRes) throw tooMany(reason);
    throw new WatchwordError('overloaded', {}, reason);
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes): WatchwordError {
  return new WatchwordError('rate_limited', {
    retry_after: Math.max(1, Math.ceil(msBeforeNext / 1000)),
  });
}
