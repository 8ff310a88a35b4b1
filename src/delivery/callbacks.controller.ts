import { Body, Controller, Headers, HttpCode, Post, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Open } from '../applications/access.js';
import { ValidId } from '../input.js';
import { Callbacks } from './callbacks.js';

/** What providers report of a message. Their signature is their credential. */
@ApiExcludeController()
@Controller('v1/callbacks')
export class CallbacksController {
  constructor(private readonly callbacks: Callbacks) {}

  @Post('twilio/:id')
  @Open()
  @HttpCode(204)
  async twilio(
    @ValidId('msg') id: string,
    @Headers('x-twilio-signature') signature: string | undefined,
    @Body() body: string,
    @Req() { url }: FastifyRequest,
  ): Promise<void> {
    await this.callbacks.twilio(id, { signature, url, form: body });
  }

  @Post('webhook/:id')
  @Open()
  @HttpCode(204)
  async webhook(
    @ValidId('msg') id: string,
    @Headers() headers: Record<string, string>,
    @Body() body: string,
  ): Promise<void> {
    await this.callbacks.webhook(id, headers, body);
  }
}
