import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { HardwareTokensMetrics } from './hardware-tokens.metrics.js';
import { HardwareTokensRepository } from './hardware-tokens.repository.js';
import { Stock } from './stock.js';

@Module({
  imports: [AuditModule],
  providers: [HardwareTokensMetrics, HardwareTokensRepository, Stock],
  exports: [HardwareTokensMetrics, HardwareTokensRepository, Stock],
})
export class HardwareTokensModule {}
