import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { AccessTokens } from './access-tokens.js';
import { JwtCheck } from './check-jwt.js';
import { ClientTokens } from './client-tokens.js';
import { ClientTokensController } from './client-tokens.controller.js';
import { FreshProof } from './fresh-proof.js';
import { JwksController } from './jwks.controller.js';
import { KeyRotation } from './key-rotation.js';
import { Revocations } from './revocations.js';
import { SigningKeys } from './signing-keys.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

@Module({
  imports: [ApplicationsModule, AuditModule, JwtModule.register({})],
  providers: [
    AccessTokens,
    ClientTokens,
    FreshProof,
    JwtCheck,
    KeyRotation,
    Revocations,
    SigningKeys,
    SigningKeysRepository,
  ],
  controllers: [ClientTokensController, JwksController],
  exports: [
    AccessTokens,
    ClientTokens,
    FreshProof,
    JwtCheck,
    KeyRotation,
    Revocations,
    SigningKeys,
  ],
})
export class TokensModule {}
