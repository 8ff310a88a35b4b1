import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Open } from '../applications/access.js';
import { Health } from './health.js';

const live = z.object({ status: z.literal('ok') }).meta({ id: 'Live' });
const check = z.enum(['ok', 'failing']);
const ready = z
  .object({
    status: z.enum(['ready', 'unavailable', 'stopping']),
    checks: z.object({ database: check, keys: check }),
  })
  .meta({ id: 'Ready' });

@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get('live')
  @Open()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether the process answers' })
  @ApiOkResponse({ standardSchema: live })
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @Open()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether it can verify codes: database and signing keys; 503 if not' })
  @ApiOkResponse({ standardSchema: ready })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const report = await this.health.report();
    if (report.status !== 'ready') void reply.status(503);
    return report;
  }
}
