import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { ChallengesModule } from '../challenges/challenges.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { LinksController } from './links.controller.js';
import { LinksRepository } from './links.repository.js';
import { LinksService } from './links.service.js';
import { Visits } from './visits.js';

@Module({
  imports: [ApplicationsModule, AuditModule, ChallengesModule, SessionsModule, TokensModule],
  providers: [LinksRepository, LinksService, Visits],
  controllers: [LinksController],
  exports: [Visits],
})
export class LinksModule {}
