/**
 * Whatever stands in a body, a path or a query, the answer is never a fault of ours: a stranger who can
 * make a service fail has found where it trusts what it was sent. Routes are taken from the service's own
 * OpenAPI document, so a new one is tried as soon as it is there.
 */
import fc from 'fast-check';
import { startApplication, type TestApplication } from '../support/application.js';
import { scan } from '../support/authenticator.js';

let service: TestApplication;
let routes: readonly { method: string; path: string; members: readonly string[] }[];
let ids: readonly string[];

interface Document {
  paths: Record<string, Record<string, { requestBody?: unknown }>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
}

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_FACTORS_PER_USER: '50' } });
  const { paths, components } = (await service.call('GET', '/openapi.json')).body as Document;
  const members = Object.values(components.schemas).flatMap(({ properties }) =>
    Object.keys(properties ?? {}),
  );
  routes = Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, item]) =>
      Object.keys(item).map((method) => ({ method: method.toUpperCase(), path, members })),
    );
  const { factorId } = await scan(service, 'eve');
  const body = { user_id: 'eve', type: 'totp' };
  const challenge = (await service.call('POST', '/v1/challenges', body)).body as { id: string };
  ids = [factorId, challenge.id, 'eve', 'fac_01h455vb4pex5vsknk084sn02q', 'x'];
});
afterAll(() => service.close());

/** Texts that mean something to somebody on the way. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    ...['', 'totp', '000000', 'login', 'pwd', '__proto__', 'constructor', '\u0000', '\ud800'],
    ...['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 'SHA1', "'; DROP TABLE factors; --", '$1', '\\x00'],
    ...['2030-01-01T00:00:00Z', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', '١٢٣٤٥٦', '9'.repeat(64)],
  ),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.maxSafeInteger(),
    fc.constantFrom(null, true, false, 6, 30, 0, -0, 2 ** 31, 2 ** 53),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
})).value;

const encoded = (part: string) => encodeURIComponent(part.toWellFormed());

it('S120: no body makes any route fail', async () => {
  const withBody = routes.filter(({ method }) => ['POST', 'PATCH'].includes(method));
  expect(withBody.length).toBeGreaterThanOrEqual(6);
  const { members } = withBody[0] ?? { members: [] };
  const right = fc.record(
    { type: fc.constant('totp'), code: fc.constant('000000'), user_id: fc.constant('eve') },
    { requiredKeys: [] },
  );
  const odd = fc.dictionary(fc.constantFrom(...members), value, { maxKeys: 4 });
  const body = fc.oneof(
    value,
    odd,
    fc.tuple(right, odd).map(([one, other]) => ({ ...one, ...other })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...withBody),
      fc.constantFrom(...ids),
      body,
      async ({ method, path }, id, given) => {
        const address = path.replace(/\{\w+\}/g, encoded(id));
        const { status, text: said } = await service.call(method, address, JSON.stringify(given));
        expect([status, said]).toEqual([expect.any(Number), said]);
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: 700 },
  );
});

it('S120: no path makes any route fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), text, async ({ method, path }, part) => {
      const address = path.replace(/\{\w+\}/g, encoded(part));
      const body = ['POST', 'PATCH'].includes(method) ? { code: '000000' } : undefined;
      expect((await service.call(method, address, body)).status).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
});

it('S120: no bytes in a path make any route fail', async () => {
  const escape = fc.nat({ max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`);
  const part = fc.array(fc.oneof(escape, fc.constantFrom('a', '%', '+', '.', ';', '~', '%u0041')), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), part, async ({ method, path }, parts) => {
      const address = path.replace(/\{\w+\}/g, parts.join(''));
      expect((await service.call(method, address)).status).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
});

it('S120: no query makes the audit fail', async () => {
  const name = fc.oneof(fc.constantFrom('user_id', 'after', '__proto__', 'after[]', 'a.b'), text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, text), { maxLength: 4 }), async (pairs) => {
      const query = pairs.map((pair) => pair.map(encoded).join('=')).join('&');
      expect((await service.call('GET', `/v1/audit?${query}`)).status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});

it('S120: no Idempotency-Key makes a route fail', async () => {
  const header = fc.string({
    unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  await fc.assert(
    fc.asyncProperty(header, async (key) => {
      const headers = { 'idempotency-key': key };
      const body = { user_id: 'eve', type: 'totp' };
      const { status } = await service.call('POST', '/v1/challenges', body, { headers });
      expect([201, 400]).toContain(status);
      expect(status === 201).toBe(/^[\x21-\x7e]{1,255}$/.test(key));
    }),
    { numRuns: 100 },
  );
});
