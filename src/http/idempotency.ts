import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../clock.js';
import { errorTable, WatchwordError } from '../errors.js';
import {
  IdempotencyRepository,
  type IdempotencySlot,
  type StoredAnswer,
} from './idempotency.repository.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Idempotency-Key that its answer is to be kept under. */
    slot?: IdempotencySlot | undefined;
  }
}

const shape = /^[\x21-\x7e]{1,255}$/;
const RETRY_SECONDS = 1;

/**
 * `Idempotency-Key` on a POST: the same key and body get the same answer for a day, so a caller that
 * lost an answer may ask again without a second charge, a second factor or a second token (S47).
 */
@Injectable()
export class Idempotency {
  constructor(
    private readonly repository: IdempotencyRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the key for this request, or answers as the request was answered that took it first.
   *
   * @returns the reply where it has answered
   */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const slot = slotOf(request);
    if (slot === undefined) return undefined;
    const reservation = await this.repository.reserve(slot, sameness(request), this.clock.now());
    switch (reservation.state) {
      case 'ours':
        request.slot = slot;
        return undefined;
      case 'answered':
        void reply.header('Idempotency-Replayed', 'true');
        return replay(reply, reservation.answer);
      case 'under_way':
        throw new WatchwordError('idempotency_in_progress', { retry_after: RETRY_SECONDS });
      case 'of_another_request':
        throw new WatchwordError('idempotency_key_reused');
    }
  }

  /** Keeps the answer before it leaves; what may go differently next time is not the answer for a day. */
  async end(request: FastifyRequest, reply: FastifyReply, body: unknown): Promise<void> {
    const { slot, problem } = request;
    if (slot === undefined) return;
    // Where keeping it fails, the problem that says so comes this way again.
    request.slot = undefined;
    if (problem === undefined) {
      const text = typeof body === 'string' ? body : '';
      const cookie = reply.getHeader('set-cookie');
      await this.repository.answer(slot, {
        status: reply.statusCode,
        text,
        ...(typeof cookie === 'string' && { cookie }),
      });
      return;
    }
    const { code, members } = problem;
    const { status } = errorTable[code];
    if (status >= 500 || status === 429) await this.repository.release(slot).catch(() => undefined);
    else await this.repository.answer(slot, { code, members, requestId: request.id });
  }
}

function slotOf({ method, headers, caller }: FastifyRequest): IdempotencySlot | undefined {
  const key = headers['idempotency-key'];
  if (method !== 'POST' || key === undefined || caller === undefined) return undefined;
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

function replay(reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  if ('code' in answer) throw new WatchwordError(answer.code, answer.members);
  if (answer.cookie !== undefined) void reply.header('Set-Cookie', answer.cookie);
  return reply
    .status(answer.status)
    .headers({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
    .send(answer.text);
}
