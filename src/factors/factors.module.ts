import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { FactorsController } from './factors.controller.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { TotpMethod } from './totp.method.js';

@Module({
  imports: [AuditModule, TokensModule, UsersModule],
  providers: [FactorsRepository, FactorsService, TotpMethod],
  controllers: [FactorsController],
  exports: [FactorsService, TotpMethod],
})
export class FactorsModule {}
