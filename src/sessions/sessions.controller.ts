import { Controller, Delete, Get, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { bringsForm, TakesForm, ValidBody, ValidId, ValidParam } from '../input.js';
import { token } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import { Introspection } from './introspection.js';
import { Refreshing } from './refreshing.js';
import * as schemas from './sessions.schemas.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('tokens')
@Controller('v1')
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly refreshing: Refreshing,
    private readonly introspection: Introspection,
  ) {}

  @Post('tokens/refresh')
  @Scopes('verify', 'login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Exchange a refresh token for an access token and its successor' })
  @ApiOkResponse({ standardSchema: token })
  refreshToken(
    @CurrentCaller() caller: Caller,
    @ValidBody(schemas.refreshBody) { refresh_token }: { refresh_token: string },
  ) {
    return this.refreshing.refresh(caller, refresh_token);
  }

  @Post('tokens/introspect')
  @Scopes('verify', 'login', 'admin')
  @TakesForm('token', 'token_type_hint')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ask what a token is worth now (RFC 7662)' })
  @ApiOkResponse({ standardSchema: schemas.introspection })
  introspectToken(
    @CurrentCaller() caller: Caller,
    @ValidBody(schemas.tokenBody) { token: text }: { token: string },
  ) {
    return this.introspection.introspect(caller, text);
  }

  @Post('tokens/revoke')
  @Scopes('verify', 'login', 'admin')
  @TakesForm('token', 'token_type_hint')
  @HttpCode(204)
  @ApiOperation({
    summary: 'End a token, or with a refresh token or a cookie its session (RFC 7009)',
  })
  @ApiNoContentResponse({ description: 'A form is answered with 200, as RFC 7009 has it.' })
  async revokeToken(
    @CurrentCaller() caller: Caller,
    @ValidBody(schemas.tokenBody) { token: text }: { token: string },
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.introspection.revoke(caller, text);
    if (bringsForm(request)) void reply.status(200);
  }

  @Get('users/:user_id/sessions')
  @Scopes('verify', 'admin')
  @ApiOperation({ summary: 'List a user’s sessions' })
  @ApiOkResponse({ standardSchema: schemas.sessionList })
  async listSessions(@CurrentCaller() caller: Caller, @ValidParam('user_id', userId) user: string) {
    return { data: (await this.sessions.list(caller, user)).map(schemas.sessionView) };
  }

  @Delete('users/:user_id/sessions')
  @Scopes('verify', 'admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'End every session of a user' })
  @ApiNoContentResponse()
  async revokeSessions(
    @CurrentCaller() caller: Caller,
    @ValidParam('user_id', userId) user: string,
  ): Promise<void> {
    await this.sessions.revokeAll(caller, user);
  }

  @Delete('sessions/:id')
  @Scopes('verify', 'admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a session' })
  @ApiNoContentResponse()
  async revokeSession(@CurrentCaller() caller: Caller, @ValidId('ses') id: string): Promise<void> {
    await this.sessions.revoke(caller, id);
  }
}
