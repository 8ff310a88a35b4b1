import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProofsMetrics } from '../challenges/proofs.metrics.js';
import { DeliveryMetrics } from '../delivery/delivery.metrics.js';
import { DevicesMetrics } from '../devices/devices.metrics.js';
import { FactorsMetrics } from '../factors/factors.metrics.js';
import { HardwareTokensMetrics } from '../hardware-tokens/hardware-tokens.metrics.js';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { metricsOfAll } from './metrics-of-all.js';

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

  /** The figures as Prometheus reads them, of all processes on this port. */
  readonly text: () => Promise<string>;

  constructor(
    proofs: ProofsMetrics,
    delivery: DeliveryMetrics,
    devices: DevicesMetrics,
    factors: FactorsMetrics,
    tokens: HardwareTokensMetrics,
  ) {
    for (const { all } of [proofs, delivery, devices, factors, tokens])
      for (const metric of all) this.registry.registerMetric(metric);
    const own = () => this.registry.metrics();
    this.text = cluster.isWorker ? metricsOfAll(this.registry) : own;
  }

  /**
   * Adds the figures of this process: its memory, its event loop, its garbage collector. To be asked once in the
   * life of a process, for what watches the collector is never taken away again.
   */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
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
}
