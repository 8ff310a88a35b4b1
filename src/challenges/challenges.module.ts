import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AttemptsRepository } from './attempts.repository.js';
import { ChallengesController } from './challenges.controller.js';
import { ChallengesRepository } from './challenges.repository.js';
import { ChallengesService } from './challenges.service.js';
import { Verification } from './verification.js';

@Module({
  imports: [AuditModule, FactorsModule, TokensModule],
  providers: [AttemptsRepository, ChallengesRepository, ChallengesService, Verification],
  controllers: [ChallengesController],
})
export class ChallengesModule {}
