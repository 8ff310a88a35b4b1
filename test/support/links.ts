/** Links to the hosted pages, as an application makes them. */
import type { Answer, Registered, TestApplication } from './application.js';

export function makeLink(
  service: TestApplication,
  { key }: Pick<Registered, 'key'>,
  body: Record<string, unknown>,
): Promise<Answer> {
  return service.call('POST', '/v1/links', body, { key });
}

export const addressOf = ({ body }: Answer) => new URL(body.url as string);
export const tokenOf = (answer: Answer) => addressOf(answer).hash.slice(1);
