import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Admission } from './admission.js';
import { Idempotency } from './idempotency.js';
import { Limits } from './limits.js';
import { Metrics } from './metrics.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The application it counts against while it is under way. */
    countedFor?: string | undefined;
  }
}

/**
 * What every request goes through, in order. These are Fastify's hooks and not Nest's guards and
 * interceptors: an interceptor makes a stream of a request that has one answer, and two of them cost as
 * much CPU as all of HTTP.
 */
@Injectable()
export class Lifecycle implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly admission: Admission,
    private readonly limits: Limits,
    private readonly idempotency: Idempotency,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    // Named in advance, so that all requests are objects of one shape.
    for (const name of ['caller', 'countedFor', 'slot', 'problem']) server.decorateRequest(name);
    server.addHook('onRequest', (request, reply) => this.admission.admit(request, reply));
    server.addHook('preHandler', (request, reply) => this.begin(request, reply));
    server.addHook('onSend', (request, reply, body, done) => {
      this.leave(request);
      if (request.slot === undefined) done();
      else this.idempotency.end(request, reply, body).then(() => done(), done);
    });
    server.addHook('onResponse', (request, reply, done) => {
      this.metrics.observe(request, reply);
      done();
    });
  }

  /** In this order: a request that is turned away reserves no key. */
  private async begin(request: FastifyRequest, reply: FastifyReply) {
    if (request.caller === undefined) return;
    const { id } = request.caller.application;
    await this.limits.enter(id);
    request.countedFor = id;
    // Returned, so that the framework waits for an answer that is sent from here.
    if (request.headers['idempotency-key'] !== undefined)
      return this.idempotency.begin(request, reply);
  }

  private leave(request: FastifyRequest): void {
    if (request.countedFor !== undefined) this.limits.leave(request.countedFor);
    request.countedFor = undefined;
  }
}
