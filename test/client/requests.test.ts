/** What the client sends, what it makes of an answer, how long it is patient, and what it never tells. */
import { inspect } from 'node:util';
import { createClient, WatchwordError, type ClientOptions } from '../../src/client/client.js';
import { waitFor } from '../../src/client/sending.js';

const KEY = 'ww_verysecretverysecretverysecretverysecret0';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

type Step = Response | Error | ((init: RequestInit) => Promise<Response>);

/** A client whose `fetch` takes one step after the other. */
function scripted(steps: Step[], options: Partial<ClientOptions> = {}) {
  const sent: Sent[] = [];
  const waits: number[] = [];
  const client = createClient({
    url: 'https://mfa.example/watchword/',
    ...(options.token === undefined && { apiKey: KEY }),
    fetch: async (url, init = {}) => {
      sent.push({ url: url as string, init });
      const step = steps.shift();
      if (step === undefined) throw new Error('more requests than were expected');
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? step(init) : step;
    },
    wait: async (ms) => void waits.push(ms),
    ...options,
  });
  return { client, sent, waits };
}

const json = (body: unknown, init: ResponseInit = {}) => Response.json(body, init);
const problem = (code: string, status: number, more: object = {}) =>
  new Response(
    JSON.stringify({ code, status, title: 'Title', detail: 'Do this.', request_id: 'r', ...more }),
    { status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } },
  );
const thrown = (call: Promise<unknown>): Promise<WatchwordError> =>
  call.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error as WatchwordError,
  );

describe('a request', () => {
  it('carries the proof that a removal takes, and only where there is one', async () => {
    const { client, sent } = scripted([json({}), json({})]);
    await client.revokeFactor({ id: 'fac_1' }, { proof: 'eyJ.a.b' });
    await client.revokeFactor({ id: 'fac_2' });
    const proofs = sent.map(({ init }) => new Headers(init.headers).get('watchword-proof'));
    expect(proofs).toEqual(['eyJ.a.b', null]);
  });

  it('has what the operation takes where it belongs', async () => {
    const { client, sent } = scripted([json({}), json({ data: [] }), json({ data: [] })]);
    await client.verifyUser({ user_id: 'ann/b ü?', code: '123456', first_factor: ['pwd'] });
    await client.readAudit({ user_id: 'a&b', after: 'aud_1' });
    await client.readAudit();
    expect(sent.map(({ url, init: { method, body } }) => [method, url, body])).toEqual([
      [
        'POST',
        'https://mfa.example/watchword/v1/users/ann%2Fb%20%C3%BC%3F/verify',
        '{"code":"123456","first_factor":["pwd"]}',
      ],
      ['GET', 'https://mfa.example/watchword/v1/audit?user_id=a%26b&after=aud_1', undefined],
      ['GET', 'https://mfa.example/watchword/v1/audit', undefined],
    ]);
    expect(sent[0]?.init.headers).toEqual({
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(sent[1]?.init.headers).toEqual({ authorization: `Bearer ${KEY}` });
    for (const { init } of sent) expect(init.redirect).toBe('manual');
  });

  it.each(['', '.', '..', '\ud800'])('S105: cannot change whose path it is: %j', async (userId) => {
    const { client, sent } = scripted([]);
    const error = await thrown(client.revokeSessions({ user_id: userId }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('"user_id"');
    expect(sent).toEqual([]);
  });

  it('S105: keeps dots and slashes of a user id inside its part of the path', async () => {
    const { client, sent } = scripted([json({ data: [] }), json({ data: [] })]);
    await client.listFactors({ user_id: '../../v1/audit' });
    await client.listFactors({ user_id: '%2e%2e' });
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      '/watchword/v1/users/..%2F..%2Fv1%2Faudit/factors',
      '/watchword/v1/users/%252e%252e/factors',
    ]);
  });

  it('asks for a token each time it is sent', async () => {
    const tokens = ['t1', 't2'];
    const { client, sent } = scripted([problem('overloaded', 503), json({ data: [] })], {
      token: async () => tokens.shift() ?? '',
    });
    await client.listFactors({ user_id: 'ann' });
    expect(sent.map(({ init }) => init.headers)).toEqual([
      { authorization: 'Bearer t1' },
      { authorization: 'Bearer t2' },
    ]);
  });
});

describe('an answer', () => {
  it('is its body, of whatever kind', async () => {
    const { client } = scripted([
      json({ data: [] }),
      new Response(null, { status: 204 }),
      new Response('▄▄▄', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
      new Response('PNG', { headers: { 'content-type': 'image/png' } }),
    ]);
    expect(await client.listFactors({ user_id: 'ann' })).toEqual({ data: [] });
    await expect(client.revokeFactor({ id: 'fac_1' })).resolves.toBeUndefined();
    expect(await client.factorQrText({ id: 'fac_1' })).toBe('▄▄▄');
    expect(await (await client.factorQrPng({ id: 'fac_1' })).text()).toBe('PNG');
  });

  it('that is a problem is thrown with all that it says', async () => {
    const { client } = scripted([problem('code_incorrect', 422, { attempts_left: 3 })]);
    const error = await thrown(client.verifyUser({ user_id: 'ann', code: '123456' }));
    expect(error).toBeInstanceOf(WatchwordError);
    expect(error).toMatchObject({
      name: 'WatchwordError',
      code: 'code_incorrect',
      message: 'code_incorrect (422): Title. Do this.',
      status: 422,
      detail: 'Do this.',
      attemptsLeft: 3,
      requestId: 'r',
      retryAfter: undefined,
      problem: { title: 'Title' },
    });
  });

  it.each([
    ['a page of a proxy', new Response('<h1>Forbidden</h1>', { status: 403 }), 403],
    ['a redirect', new Response(null, { status: 302, headers: { location: '/login' } }), 302],
    [
      'JSON that is none',
      new Response('{', { headers: { 'content-type': 'application/json' } }),
      200,
    ],
    [
      'a problem that is none',
      new Response('{}', { status: 400, headers: { 'content-type': 'application/problem+json' } }),
      400,
    ],
  ])('that is not Watchword’s is told: %s', async (_what, response, status) => {
    const { client } = scripted([response]);
    const error = await thrown(client.listFactors({ user_id: 'ann' }));
    expect(error).toMatchObject({ code: 'unexpected_answer', status });
    expect(error.problem).toBeUndefined();
  });
});

describe('patience', () => {
  it('grows between attempts, and ends', async () => {
    const { client, waits } = scripted(
      Array.from({ length: 9 }, () => new TypeError('fetch failed')),
      { retries: 8 },
    );
    expect((await thrown(client.listFactors({ user_id: 'ann' }))).code).toBe('unreachable');
    const most = [250, 500, 1000, 2000, 4000, 4000, 4000, 4000];
    expect(waits).toHaveLength(most.length);
    waits.forEach((ms, n) => {
      expect(ms).toBeGreaterThanOrEqual(most[n]! / 2);
      expect(ms).toBeLessThanOrEqual(most[n]!);
    });
  });

  it('is as long as the service says, and a little longer', async () => {
    const { client, waits } = scripted([
      problem('rate_limited', 429, { retry_after: 3 }),
      new Response('', { status: 429, headers: { 'retry-after': '10' } }),
      json({ data: [] }),
    ]);
    await client.listFactors({ user_id: 'ann' });
    for (const [n, seconds] of [3, 10].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(seconds * 1000);
      expect(waits[n]).toBeLessThanOrEqual(seconds * 1000 + 250);
    }
  });

  it.each([
    ['a long wait', () => problem('rate_limited', 429, { retry_after: 11 })],
    [
      'a long wait before a proxy',
      () => new Response('', { status: 503, headers: { 'retry-after': '3600' } }),
    ],
    ['too many requests for nobody knows how long', () => new Response('', { status: 429 })],
    ['a lock', () => problem('locked', 429, { retry_after: 1 })],
    ['a code sent a moment ago', () => problem('send_too_soon', 429, { retry_after: 1 })],
    ['too many codes sent', () => problem('send_limit_reached', 429, { retry_after: 1 })],
    ['a wrong code', () => problem('code_incorrect', 422)],
    ['a bad key', () => problem('unauthenticated', 401)],
    ['a key of another request', () => problem('idempotency_key_reused', 409)],
    ['an error inside', () => problem('internal', 500)],
  ])('is not for %s', async (_what, answer) => {
    const { client, sent, waits } = scripted([answer()]);
    await thrown(client.createChallenge({ user_id: 'ann', type: 'totp' }));
    expect([sent.length, waits]).toEqual([1, []]);
  });

  it('ends where the caller ends it, with the caller’s reason', async () => {
    const reason = new Error('the page was closed');
    const ending = new AbortController();
    const hanging = scripted([
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
          ending.abort(reason);
        }),
    ]);
    const { signal } = ending;
    expect(await thrown(hanging.client.listFactors({ user_id: 'ann' }, { signal }))).toBe(reason);

    const between = new AbortController();
    const { client, sent } = scripted([problem('overloaded', 503, { retry_after: 10 })], {
      wait: waitFor,
    });
    const call = thrown(client.listFactors({ user_id: 'ann' }, { signal: between.signal }));
    setImmediate(() => between.abort(reason));
    expect(await call).toBe(reason);
    expect(sent).toHaveLength(1);
  });

  it('has an end for each attempt', async () => {
    const hang: Step = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const { client, sent } = scripted([hang, hang, hang], { timeoutMs: 1 });
    expect(await thrown(client.listFactors({ user_id: 'ann' }))).toMatchObject({
      code: 'timed_out',
      status: undefined,
      message: 'No answer from https://mfa.example/watchword within 1 ms.',
    });
    expect(sent).toHaveLength(3);
  });

  it('counts a mistake of the caller’s own callback as no failure of the network', async () => {
    const { client, sent } = scripted([json({ data: [] })]);
    const mistake = new Error('mine');
    const onHeaders = () => {
      throw mistake;
    };
    expect(await thrown(client.listFactors({ user_id: 'ann' }, { onHeaders }))).toBe(mistake);
    expect(sent).toHaveLength(1);
  });
});

describe('S114: the credential', () => {
  it('is in no error, and not to be seen in the client', async () => {
    const { client } = scripted([problem('unauthenticated', 401), ...failures(3)]);
    const errors = [
      await thrown(client.listFactors({ user_id: 'ann' })),
      await thrown(client.verifyUser({ user_id: 'ann', code: '987654' })),
    ];
    for (const shown of [...errors, client]) {
      const text = inspect(shown, { depth: 20, showHidden: true });
      expect(text).not.toContain('verysecret');
      expect(text).not.toContain('987654');
    }
  });

  it.each(['', `${KEY}\n`, `ww_verysecret ${KEY}`, 'ww_verysecretü'])(
    'is refused before fetch would repeat it in an error: %j',
    async (credential) => {
      const making = () => createClient({ url: 'https://mfa.example', apiKey: credential });
      expect(making).toThrow(TypeError);
      expect(making).not.toThrow(/verysecret/);
      const { client } = scripted([], { token: () => credential });
      const error = await thrown(client.listFactors({ user_id: 'ann' }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).not.toContain('verysecret');
    },
  );

  it.each([
    'mfa.example',
    'ftp://mfa.example',
    'https://ann:verysecret@mfa.example',
    'https://mfa.example/?key=verysecret',
    'https://mfa.example/#verysecret',
  ])('is not a part of the url: %s', (url) => {
    expect(() => createClient({ url })).toThrow(/^"url" must/);
    expect(() => createClient({ url })).not.toThrow(/verysecret/);
  });

  it('is one', () => {
    expect(() => createClient({ url: 'https://mfa.example', apiKey: KEY, token: 't' })).toThrow(
      'either',
    );
  });
});

const failures = (count: number) =>
  Array.from({ length: count }, () => new TypeError('fetch failed'));
