import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { findCaller } from '../applications/application.guard.js';
import { Limits } from './limits.js';

const untouched = /^\/(health|metrics)(\/|$)/;

/**
 * Counts what nobody vouched for against its address, and closes the door to an address that has
 * used up its share before anything else is done for it. Requests with an accepted API key count
 * against their application instead: a service's whole traffic comes from one address.
 */
@Injectable()
export class AddressLimit implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly limits: Limits,
  ) {}

  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', async ({ ip, routeOptions }) => {
      if (!untouched.test(routeOptions.url ?? '')) await this.limits.refuseAddress(ip);
    });
    server.addHook('onResponse', async (request) => {
      if (untouched.test(request.routeOptions.url ?? '') || findCaller(request)) return;
      await this.limits.countAddress(request.ip).catch(() => undefined);
    });
  }
}
