import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { ApplicationGuard } from './application.guard.js';
import { ApplicationsRepository } from './applications.repository.js';
import { ApplicationsService } from './applications.service.js';
import { Callers } from './callers.js';

@Module({
  imports: [AuditModule],
  providers: [
    ApplicationsRepository,
    ApplicationsService,
    Callers,
    { provide: APP_GUARD, useClass: ApplicationGuard },
  ],
  exports: [ApplicationsService, Callers],
})
export class ApplicationsModule {}
