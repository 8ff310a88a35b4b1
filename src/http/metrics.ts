import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeliveryMetrics } from '../delivery/delivery.metrics.js';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** From a tenth of a login to a client's patience. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Figures for Prometheus. Labels are routes, never addresses: a user id is no label.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'watchword_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route', 'status', 'code'] as const,
    buckets: BUCKETS,
    registers: [this.registry],
  });

  constructor(delivery: DeliveryMetrics) {
    collectDefaultMetrics({ register: this.registry });
    for (const metric of delivery.all) this.registry.registerMetric(metric);
  }

  /** Counts a request that has been answered. */
  observe({ method, routeOptions, problem }: FastifyRequest, reply: FastifyReply): void {
    const labels = {
      method: routeOptions.url === undefined ? 'other' : method,
      route: routeOptions.url ?? 'none',
      status: reply.statusCode,
      code: problem?.code ?? '',
    };
    this.requests.observe(labels, reply.elapsedTime / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
