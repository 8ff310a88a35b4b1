import type { Problem } from './operations.gen.js';
import { WatchwordError } from './watchword-error.js';

/**
 * The body of a good answer: JSON as it reads, pictures as a Blob, other text as text, and undefined where
 * there is none.
 *
 * @throws WatchwordError for any other answer
 */
export async function bodyOf(response: Response): Promise<unknown> {
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 204) return undefined;
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('image/')) return response.blob();
  const text = await response.text();
  if (!type.startsWith('application/json')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unexpected(response);
  }
}

async function refusalOf(response: Response): Promise<WatchwordError> {
  const problem = problemOf(response, await response.text());
  if (problem === undefined) return unexpected(response);
  const { status } = response;
  return new WatchwordError({
    code: problem.code,
    message: `${problem.code} (${status}): ${problem.title}. ${problem.detail}`,
    status,
    retryAfter: problem.retry_after ?? retryAfterOf(response),
    problem,
  });
}

function problemOf({ headers }: Response, text: string): Problem | undefined {
  if (!headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    const problem = JSON.parse(text) as Problem | null;
    return typeof problem?.code === 'string' ? problem : undefined;
  } catch {
    return undefined;
  }
}

function unexpected(response: Response): WatchwordError {
  const { status } = response;
  return new WatchwordError({
    code: 'unexpected_answer',
    message: `The answer (${status}) is not Watchword’s. Check the url, and what stands between.`,
    status,
    retryAfter: retryAfterOf(response),
  });
}

/** Seconds; a date, which RFC 9110 has too, would need clocks that agree, and Watchword sends none. */
function retryAfterOf({ headers }: Response): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
