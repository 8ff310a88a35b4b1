import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { bearerOf, findCaller } from '../applications/application.guard.js';
import { Callers } from '../applications/callers.js';
import { Limits } from './limits.js';

const untouched = /^\/(health|metrics)(\/|$)/;

/**
 * Counts what nobody vouched for against its address, and lets no unknown key from an address that
 * has used up its share come as far as the database. Requests with an accepted API key count
 * against their application instead: a service's whole traffic comes from one address.
 */
@Injectable()
export class AddressLimit implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly limits: Limits,
    private readonly callers: Callers,
  ) {}

  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', async (request, reply) => {
      if (untouched.test(request.routeOptions.url ?? '')) return;
      // A closed connection forgets it.
      const address = request.ip;
      // Not onResponse, which never comes for a guesser who hangs up before the answer.
      reply.raw.once('close', () => {
        if (findCaller(request)) return;
        this.limits.countAddress(address).catch(() => undefined);
      });
      // A service behind the same proxy as a guesser is not shut out with it.
      if (!this.callers.hasAccepted(bearerOf(request))) await this.limits.refuseAddress(address);
    });
  }
}
