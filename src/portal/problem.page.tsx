/** What goes wrong on a page is a page: what it was, and one thing to do next. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode, WatchwordError } from '../errors.js';
import { Countdown, Form } from './controls.js';
import type { Page, Setting } from './page.js';
import { renderPage, type Content } from './render.js';
import { textsFor, type Texts } from './texts.js';

/** The codes that pages have words of their own for; every other is something of ours going wrong. */
const told = {
  link_unknown: 'link_unknown',
  link_used: 'link_used',
  link_expired: 'link_expired',
  wrong_browser: 'wrong_browser',
  page_ended: 'page_ended',
  cross_site_refused: 'form_stale',
  invalid_request: 'form_stale',
  media_type_unsupported: 'form_stale',
  not_found: 'not_found',
  rate_limited: 'rate_limited',
  storage_unavailable: 'unavailable',
  overloaded: 'unavailable',
  internal: 'failed',
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Whether pages have words of their own for an error. */
export function isTold(code: string): code is keyof typeof told {
  return Object.hasOwn(told, code);
}

/** After these the same address is worth another try. */
const passing = new Set<string>(['form_stale', 'rate_limited', 'unavailable', 'failed']);

export function problemPage(
  { code, members }: WatchwordError,
  request: FastifyRequest,
  reply: FastifyReply,
): string {
  const { page } = request;
  const setting = page ?? unknownSetting(request.headers['accept-language']);
  if (page?.visit.link.status === 'done') return renderPage(reply, page, doneContent(page));
  const problem = isTold(code) ? told[code] : 'failed';
  const again = passing.has(problem) ? againOf(request) : undefined;
  const wait = members.retry_after;
  return renderPage(reply, setting, {
    title: setting.texts.say(`problem.${problem}.title`),
    body: <Problem {...{ texts: setting.texts, problem, again, wait, requestId: request.id }} />,
  });
}

interface ProblemProps {
  readonly texts: Texts;
  readonly problem: (typeof told)[keyof typeof told];
  readonly again: string | undefined;
  /** Seconds. */
  readonly wait: number | undefined;
  readonly requestId: string;
}

function Problem({ texts, problem, again, wait, requestId }: ProblemProps) {
  return (
    <>
      <h1>{texts.say(`problem.${problem}.title`)}</h1>
      <p>{texts.say(`problem.${problem}.text`)}</p>
      {wait !== undefined && (
        <p class="quiet" data-until-ready>
          {texts.weave('wait', { time: <Countdown seconds={wait} /> })}
        </p>
      )}
      {again !== undefined && (
        <a class="button" href={again}>
          {texts.say('again')}
        </a>
      )}
      {problem === 'failed' && (
        <p class="quiet">
          {texts.weave('problem.reference', { id: <code dir="ltr">{requestId}</code> })}
        </p>
      )}
    </>
  );
}

/** Where to try again: the page that the form was on. */
function againOf({ page, url, method }: FastifyRequest): string {
  if (page !== undefined) return `/p/${page.visit.link.id}/${page.visit.link.purpose}`;
  if (method === 'GET') return url;
  return url.startsWith('/try-it/') ? '/' : '/open';
}

/** What was to be done is done; its way back to the application may have been lost. */
function doneContent(page: Page): Content {
  const { texts, visit } = page;
  const application = visit.caller.application.name;
  const isFetched = visit.link.exchangedAt !== null;
  return {
    title: texts.say('done.title'),
    body: (
      <>
        <h1>{texts.say('done.title')}</h1>
        <p>{texts.say(isFetched ? 'done.fetched' : 'done.text', { application })}</p>
        {!isFetched && (
          <Form page={page} to="continue">
            <button class="button">{texts.say('done.continue', { application })}</button>
          </Form>
        )}
      </>
    ),
  };
}

function unknownSetting(accept: string | undefined): Setting {
  const texts = textsFor(null, accept, null);
  return { texts, look: null, frameOrigins: [], formOrigins: [] };
}

/** The problems that there are words for, by their codes. */
export const problems = told;
