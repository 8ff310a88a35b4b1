import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { AddressLimit } from './address-limit.js';
import { EdgeController } from './edge.controller.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { LimitsInterceptor } from './limits.interceptor.js';
import { Limits } from './limits.js';
import { Metrics } from './metrics.js';
import { ProblemFilter } from './problem.filter.js';
import { validationPipe } from './validation.js';

@Module({
  imports: [ApplicationsModule, AuditModule, DeliveryModule],
  providers: [
    AddressLimit,
    IdempotencyRepository,
    Limits,
    Metrics,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
    // In this order: a request that is turned away reserves no key.
    { provide: APP_INTERCEPTOR, useClass: LimitsInterceptor },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
  controllers: [EdgeController],
})
export class HttpModule {}
