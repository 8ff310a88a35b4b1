import { Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { ValidBody } from '../input.js';
import { ClientTokens, type ClientTokenRequest } from './client-tokens.js';
import { clientToken, clientTokenBody } from './tokens.schemas.js';

@ApiTags('tokens')
@Controller('v1')
export class ClientTokensController {
  constructor(private readonly tokens: ClientTokens) {}

  @Post('tokens/client')
  @Scopes('verify', 'enrol', 'admin', 'login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Get a short-lived token for yourself, for this service or another' })
  @ApiOkResponse({ standardSchema: clientToken })
  issueClientToken(
    @CurrentCaller() caller: Caller,
    @ValidBody(clientTokenBody) request: ClientTokenRequest | undefined,
  ) {
    return this.tokens.issue(caller, request ?? {});
  }
}
