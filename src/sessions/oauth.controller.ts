import { Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Open, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { TakesForm, ValidBody } from '../input.js';
import { grantAnswer, grantBody, serverMetadata, type GrantBody } from './oauth.schemas.js';
import { OAuth } from './oauth.js';

@ApiTags('tokens')
@Controller()
export class OAuthController {
  constructor(private readonly oauth: OAuth) {}

  @Get('.well-known/oauth-authorization-server')
  @Open()
  @Header('Cache-Control', 'public, max-age=3600')
  @ApiOperation({ summary: 'What OAuth libraries have to know of this service (RFC 8414)' })
  @ApiOkResponse({ standardSchema: serverMetadata })
  serverMetadata() {
    return this.oauth.metadata();
  }

  @Post('v1/tokens')
  @Scopes('verify', 'login', 'enrol', 'admin')
  @TakesForm('grant_type', 'refresh_token', 'scope', 'audience', 'resource')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The token endpoint of OAuth libraries (RFC 6749)' })
  @ApiOkResponse({ standardSchema: grantAnswer })
  grantToken(@CurrentCaller() caller: Caller, @ValidBody(grantBody) body: GrantBody) {
    return this.oauth.grant(caller, body);
  }
}
