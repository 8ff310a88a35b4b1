import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { ChallengesModule } from '../challenges/challenges.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { HardwareTokensModule } from '../hardware-tokens/hardware-tokens.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { Admission } from './admission.js';
import { ClientCertificates } from './client-certificates.js';
import { EdgeController } from './edge.controller.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { Lifecycle } from './lifecycle.js';
import { Limits } from './limits.js';
import { Metrics } from './metrics.js';
import { ProblemFilter } from './problem.filter.js';

@Module({
  imports: [
    ApplicationsModule,
    AuditModule,
    ChallengesModule,
    DeliveryModule,
    DevicesModule,
    FactorsModule,
    HardwareTokensModule,
    TokensModule,
  ],
  providers: [
    Admission,
    ClientCertificates,
    Idempotency,
    IdempotencyRepository,
    Lifecycle,
    Limits,
    Metrics,
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
  controllers: [EdgeController],
})
export class HttpModule {}
