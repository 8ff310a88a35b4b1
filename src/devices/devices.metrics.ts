import { Injectable } from '@nestjs/common';
import { Counter, type Metric } from 'prom-client';
import type { DeviceEnd } from '../audit/event.js';

/** Figures on remembered devices; http/metrics.ts shows them. No label is a user. */
@Injectable()
export class DevicesMetrics {
  private readonly remembered = new Counter({
    name: 'watchword_devices_remembered_total',
    help: 'Devices that were remembered after a proof.',
    registers: [],
  });
  private readonly recognised = new Counter({
    name: 'watchword_devices_recognised_total',
    help: 'Device tokens that were presented, by whether the device is known.',
    labelNames: ['known'] as const,
    registers: [],
  });
  private readonly ended = new Counter({
    name: 'watchword_devices_ended_total',
    help: 'Devices that were forgotten before their time, by the reason.',
    labelNames: ['reason'] as const,
    registers: [],
  });

  readonly all: readonly Metric[] = [this.remembered, this.recognised, this.ended];

  countRemembered(): void {
    this.remembered.inc();
  }

  countPresented(isKnown: boolean): void {
    this.recognised.inc({ known: String(isKnown) });
  }

  countEnds(reason: DeviceEnd, count: number): void {
    if (count > 0) this.ended.inc({ reason }, count);
  }
}
