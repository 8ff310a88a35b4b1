import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ForwardAuth } from './forward-auth.js';
import { ForwardAuthController } from './forward-auth.controller.js';
import { Introspection } from './introspection.js';
import { OAuth } from './oauth.js';
import { OAuthController } from './oauth.controller.js';
import { Refreshing } from './refreshing.js';
import { OwnSessions } from './own-sessions.js';
import { RefreshTokens } from './refresh-token.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [ApplicationsModule, AuditModule, TokensModule],
  providers: [
    ForwardAuth,
    Introspection,
    OAuth,
    OwnSessions,
    Refreshing,
    RefreshTokens,
    SessionsRepository,
    SessionsService,
  ],
  controllers: [SessionsController, OAuthController, ForwardAuthController],
  exports: [Introspection, OwnSessions, SessionsService],
})
export class SessionsModule {}
