import { Controller, Header, HttpCode, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import type { TokenRequest } from '../challenges/verification.js';
import { ValidBody } from '../input.js';
import * as schemas from './links.schemas.js';
import { LinksService, type LinkRequest } from './links.service.js';

@ApiTags('links')
@Controller('v1/links')
export class LinksController {
  constructor(private readonly links: LinksService) {}

  @Post()
  @Scopes('verify', 'enrol')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Make a link to the hosted pages' })
  @ApiCreatedResponse({ standardSchema: schemas.link })
  async create(@CurrentCaller() caller: Caller, @ValidBody(schemas.linkBody) body: LinkRequest) {
    const { link, token } = await this.links.create(caller, body);
    return schemas.linkView(link, token, this.links.openAddress);
  }

  @Post('exchange')
  @Scopes('verify', 'enrol')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Fetch what the pages came to, by the code the browser brought back' })
  @ApiOkResponse({ standardSchema: schemas.exchanged })
  async exchange(
    @CurrentCaller() caller: Caller,
    @ValidBody(schemas.exchangeBody) body: TokenRequest & { readonly code: string },
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const fetched = await this.links.exchange(caller, body);
    if ('outcome' in fetched) return fetched.outcome;
    if (fetched.cookie !== undefined) void reply.header('Set-Cookie', fetched.cookie);
    return fetched.token;
  }
}
