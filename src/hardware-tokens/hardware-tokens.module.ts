import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { HardwareTokensRepository } from './hardware-tokens.repository.js';
import { Stock } from './stock.js';

@Module({
  imports: [AuditModule],
  providers: [HardwareTokensRepository, Stock],
  exports: [HardwareTokensRepository, Stock],
})
export class HardwareTokensModule {}
