import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AccessTokens } from './access-tokens.js';
import { FreshProof } from './fresh-proof.js';
import { JwksController } from './jwks.controller.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  imports: [JwtModule.register({})],
  providers: [AccessTokens, FreshProof, SigningKeys],
  controllers: [JwksController],
  exports: [AccessTokens, FreshProof, SigningKeys],
})
export class TokensModule {}
