import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, concatMap, from, of, type Observable } from 'rxjs';
import { findCaller } from '../applications/application.guard.js';
import { Clock } from '../clock.js';
import { errorTable, WatchwordError } from '../errors.js';
import {
  IdempotencyRepository,
  type IdempotencySlot,
  type StoredAnswer,
} from './idempotency.repository.js';
import { toWatchwordError } from './problem.js';

const shape = /^[\x21-\x7e]{1,255}$/;
const RETRY_SECONDS = 1;

/**
 * `Idempotency-Key` on a POST: the same key and body get the same answer for a day, so a caller that
 * lost an answer may ask again without a second charge, a second factor or a second token (S47).
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly repository: IdempotencyRepository,
    private readonly clock: Clock,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const slot = slotOf(request);
    if (slot === undefined) return next.handle();
    const now = this.clock.now();
    const reservation = await this.repository.reserve(slot, sameness(request), now);
    switch (reservation.state) {
      case 'ours':
        return this.run(slot, request.id, next);
      case 'answered':
        void context
          .switchToHttp()
          .getResponse<FastifyReply>()
          .header('Idempotency-Replayed', 'true');
        return of(replay(reservation.answer));
      case 'under_way':
        throw new WatchwordError('idempotency_in_progress', { retry_after: RETRY_SECONDS });
      case 'of_another_request':
        throw new WatchwordError('idempotency_key_reused');
    }
  }

  private run(slot: IdempotencySlot, requestId: string, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      concatMap(async (body: unknown) => {
        await this.repository.answer(slot, { body });
        return body;
      }),
      catchError((thrown: unknown) => from(this.keepError(slot, requestId, thrown))),
    );
  }

  private async keepError(slot: IdempotencySlot, requestId: string, thrown: unknown) {
    const error = toWatchwordError(thrown);
    const { code, members } = error;
    const { status } = errorTable[code];
    // What may go differently next time is not the answer for a day.
    const passing = status >= 500 || status === 429;
    await (passing
      ? this.repository.release(slot).catch(() => undefined)
      : this.repository.answer(slot, { code, members, requestId }));
    throw error;
  }
}

function slotOf(request: FastifyRequest): IdempotencySlot | undefined {
  const key = request.headers['idempotency-key'];
  const caller = findCaller(request);
  if (request.method !== 'POST' || key === undefined || caller === undefined) return undefined;
  if (typeof key !== 'string' || !shape.test(key))
    throw new WatchwordError('invalid_request', {
      errors: [{ path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }],
    });
  const { id: applicationId, realmId } = caller.application;
  return { realmId, applicationId, key };
}

function sameness({ method, url, body }: FastifyRequest): string[] {
  return [method, url, JSON.stringify(body ?? null)];
}

function replay(answer: StoredAnswer): unknown {
  if ('body' in answer) return answer.body;
  if ('code' in answer) throw new WatchwordError(answer.code, answer.members);
  return undefined;
}
