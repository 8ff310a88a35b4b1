import { Controller, Get, Header, Inject, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { bearerOf, CurrentCaller, Open, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { CONFIG, type Config } from '../config.js';
import { sameBytes, sha256 } from '../crypto/digest.js';
import { WatchwordError } from '../errors.js';
import { ValidQuery } from '../input.js';
import { jsonValue } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import { Metrics } from './metrics.js';

const auditQuery = z.strictObject({
  user_id: userId.optional(),
  after: z
    .string()
    .regex(/^aud_[0-9a-z]{26}$/, 'must be the id of an event')
    .optional(),
});

const auditPage = z
  .object({
    data: z.array(
      z.object({
        id: z.string(),
        at: z.iso.datetime(),
        type: z.string(),
        application_id: z.string().nullable(),
        actor: z.string().nullable(),
        user_id: z.string().nullable(),
        factor_id: z.string().nullable(),
        challenge_id: z.string().nullable(),
        request_id: z.string().nullable(),
        detail: z.record(z.string(), jsonValue),
      }),
    ),
    next: z.string().nullable().meta({ description: 'Pass as `after`; null at the end.' }),
  })
  .meta({ id: 'AuditPage' });

@ApiTags('operations')
@Controller()
export class EdgeController {
  constructor(
    private readonly audit: Audit,
    private readonly metrics: Metrics,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsToken'>,
  ) {}

  @Get('metrics')
  @Open()
  @ApiOperation({ summary: 'Figures for Prometheus' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  async metricsText(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { metricsToken } = this.config;
    if (metricsToken !== undefined && !sameBytes(sha256(bearerOf(request)), sha256(metricsToken)))
      throw new WatchwordError('unauthenticated');
    void reply.header('Content-Type', this.metrics.contentType);
    return this.metrics.text();
  }

  @Get('v1/audit')
  @Scopes('admin')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Read the realm’s audit, oldest first' })
  @ApiOkResponse({ standardSchema: auditPage })
  async readAudit(
    @CurrentCaller() caller: Caller,
    @ValidQuery(auditQuery) query: z.output<typeof auditQuery>,
  ) {
    const { events, next } = await this.audit.page(caller.application.realmId, {
      userId: query.user_id,
      after: query.after,
    });
    return { data: events.map(({ realm_id: _realm, ...event }) => event), next };
  }
}
