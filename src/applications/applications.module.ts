import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ApplicationsRepository } from './applications.repository.js';
import { ApplicationsService } from './applications.service.js';
import { Callers } from './callers.js';

@Module({
  imports: [AuditModule],
  providers: [ApplicationsRepository, ApplicationsService, Callers],
  exports: [ApplicationsService, Callers],
})
export class ApplicationsModule {}
