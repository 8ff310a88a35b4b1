/**
 * What is cut off or cannot be read never becomes a request: it is answered by hand, with the same
 * document and headers as every other error.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { WatchwordError } from '../errors.js';
import { apiHeaders } from './headers.js';
import { problemOf } from './problem.js';

/** Answers a connection whose request is too slow, too large or no HTTP, and closes it (S121, S122). */
export function refuseUnreadable(reason: NodeJS.ErrnoException, socket: Socket): void {
  if (reason.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const problem = problemOf(errorOf(reason), requestId);
  const body = JSON.stringify(problem);
  const headers = {
    ...apiHeaders,
    'X-Request-Id': requestId,
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n`;
  socket.write(`${status}${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

function errorOf({ code }: NodeJS.ErrnoException): WatchwordError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new WatchwordError('request_timeout');
  if (code === 'HPE_HEADER_OVERFLOW') return new WatchwordError('headers_too_large');
  return new WatchwordError('invalid_request', {
    errors: [{ path: '', message: 'the request cannot be read as HTTP' }],
  });
}
