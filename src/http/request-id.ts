import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';

const acceptable = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** W3C Trace Context: version, trace id, parent id, flags. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's own request id where it is a harmless one (S115), or a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
}

/** What a line of the log names its request by: its id, and the trace that its `traceparent` belongs to. */
export function idsOf({ id, headers }: FastifyRequest): { reqId: string; traceId?: string } {
  const given = headers['traceparent'];
  const traceId = typeof given === 'string' ? traceparent.exec(given)?.[1] : undefined;
  return { reqId: id, ...(traceId !== undefined && { traceId }) };
}
