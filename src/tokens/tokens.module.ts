import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AccessTokens } from './access-tokens.js';
import { JwtCheck } from './check-jwt.js';
import { FreshProof } from './fresh-proof.js';
import { JwksController } from './jwks.controller.js';
import { Revocations } from './revocations.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  imports: [JwtModule.register({})],
  providers: [AccessTokens, FreshProof, JwtCheck, Revocations, SigningKeys],
  controllers: [JwksController],
  exports: [AccessTokens, FreshProof, JwtCheck, Revocations, SigningKeys],
})
export class TokensModule {}
