import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Open } from '../applications/access.js';
import { JWKS_KEPT_SECONDS } from './key-life.js';
import { SigningKeys } from './signing-keys.js';
import { jwks } from './tokens.schemas.js';

@ApiTags('tokens')
@Controller()
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('.well-known/jwks.json')
  @Open()
  @Header('Cache-Control', `public, max-age=${JWKS_KEPT_SECONDS}, must-revalidate`)
  @ApiOperation({ summary: 'The public keys that check access tokens (RFC 7517)' })
  @ApiOkResponse({ standardSchema: jwks })
  async jwks() {
    return { keys: (await this.keys.published()).map(({ publicJwk }) => publicJwk) };
  }
}
