import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Open } from '../applications/access.js';
import { WatchwordError } from '../errors.js';
import { routeConfig, ValidParam } from '../input.js';
import { isTold, problemPage } from './problem.page.js';

/**
 * Every problem by its address, for those who look at pages, or translate them. It is shown and has not
 * happened: nothing is logged or counted of it, or anybody could ring the operator's alarm.
 */
@ApiExcludeController()
@Controller('p/problems')
export class ProblemsController {
  @Get(':code')
  @Open()
  @routeConfig({ problemPage })
  show(
    @ValidParam('code', z.string().max(64)) wanted: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    if (!isTold(wanted)) throw new WatchwordError('not_found');
    return problemPage(new WatchwordError(wanted), request, reply);
  }
}
