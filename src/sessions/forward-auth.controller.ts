import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf, Open } from '../applications/access.js';
import { ValidQuery } from '../input.js';
import { requirement } from './sessions.schemas.js';
import { ForwardAuth, type ForwardedRequest, type Requirement } from './forward-auth.js';

@ApiTags('tokens')
@Controller('v1')
export class ForwardAuthController {
  constructor(private readonly forwardAuth: ForwardAuth) {}

  @Get('forward-auth')
  @Open()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Answer a proxy whether a request may pass: nginx, Traefik, Caddy' })
  @ApiOkResponse({
    description: 'It may; X-Watchword-User, -Amr, -Acr, -Auth-Time and -Session say who it is.',
  })
  async admitRequest(
    @Req() request: FastifyRequest,
    @ValidQuery(requirement) required: Requirement,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const standing = await this.forwardAuth.admit(forwarded(request), required);
    void reply.headers({
      'X-Watchword-User': inHeader(standing.userId),
      'X-Watchword-Amr': standing.amr.join(' '),
      'X-Watchword-Acr': standing.acr,
      'X-Watchword-Auth-Time': standing.authTime.toISOString(),
      'X-Watchword-Application': standing.applicationId,
      ...(standing.sessionId !== undefined && { 'X-Watchword-Session': standing.sessionId }),
    });
  }
}

function forwarded(request: FastifyRequest): ForwardedRequest {
  const { headers } = request;
  const one = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const host = one('x-forwarded-host');
  return {
    bearer: bearerOf(request),
    cookie: headers.cookie,
    method: one('x-forwarded-method'),
    origin: host && `${one('x-forwarded-proto') ?? 'https'}://${host}`,
    headers,
  };
}

/** Headers are ASCII: any other sign of a user's name, and the sign that says so, is percent-encoded UTF-8. */
function inHeader(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]+/gu, (signs) => encodeURIComponent(signs));
}
