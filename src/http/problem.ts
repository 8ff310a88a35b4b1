import { HttpException } from '@nestjs/common';
import { errorTable, WatchwordError, type ErrorCode, type ErrorMembers } from '../errors.js';
import { isStorageUnavailable } from '../storage/failure.js';

/** RFC 9457, with the stable `code` and what the error itself carries. */
export interface Problem extends ErrorMembers {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly request_id: string;
}

/** Fastify's and Nest's own refusals, by status, in our words. */
const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'malformed_json',
  403: 'not_found',
  404: 'not_found',
  405: 'not_found',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'media_type_unsupported',
  431: 'headers_too_large',
  503: 'overloaded',
};

/** Whatever was thrown, as an error of the table; the original stays its private cause (S121). */
export function toWatchwordError(thrown: unknown): WatchwordError {
  if (thrown instanceof WatchwordError) return thrown;
  const status = statusOf(thrown);
  // A client that hangs up breaks its connection as a database does; Fastify has told which it was.
  if (status === undefined && isStorageUnavailable(thrown))
    return new WatchwordError('storage_unavailable', {}, thrown);
  const code = codeOfStatus[status ?? 500];
  return new WatchwordError(code ?? 'internal', {}, thrown);
}

/** The public document of an error. */
export function problemOf({ code, members }: WatchwordError, requestId: string): Problem {
  const { title, status, detail } = errorTable[code];
  return {
    type: `urn:watchword:error:${code}`,
    title,
    status,
    detail,
    code,
    request_id: requestId,
    ...members,
  };
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}
