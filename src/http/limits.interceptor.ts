import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { finalize, type Observable } from 'rxjs';
import { findCaller } from '../applications/application.guard.js';
import { Limits } from './limits.js';

/** Counts a request that the guard has let in against its application. */
@Injectable()
export class LimitsInterceptor implements NestInterceptor {
  constructor(private readonly limits: Limits) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const caller = findCaller(context.switchToHttp().getRequest<FastifyRequest>());
    if (caller === undefined) return next.handle();
    const leave = await this.limits.enter(caller.application.id);
    return next.handle().pipe(finalize(leave));
  }
}
