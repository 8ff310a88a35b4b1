import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { UsersModule } from '../users/users.module.js';
import { BypassCodesRepository } from './bypass-codes.repository.js';
import { BypassCodes } from './bypass-codes.service.js';

@Module({
  imports: [AuditModule, UsersModule],
  providers: [BypassCodes, BypassCodesRepository],
  exports: [BypassCodes],
})
export class BypassCodesModule {}
