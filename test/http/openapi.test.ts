/** The description of the API is what clients are made from: names that last, and the scopes that hold. */
import { startApplication, type TestApplication } from '../support/application.js';
import { pathOf, routes } from '../support/routes.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly { readonly name: string }[];
}

let service: TestApplication;
let operations: Map<string, Operation>;
let schemas: string[];

beforeAll(async () => {
  service = await startApplication();
  const { body } = await service.call('GET', '/openapi.json', undefined, { key: '' });
  const paths = body.paths as Record<string, Record<string, Operation>>;
  operations = new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
    ),
  );
  schemas = Object.keys(body.components.schemas as object);
});
afterAll(() => service.close());

it('each operation has a name of its own that a method can have, and says what it is for', () => {
  const names = [...operations.values()].map(({ operationId }) => operationId);
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(names).size).toBe(names.length);
  for (const { operationId, summary } of operations.values()) {
    expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
  }
});

it('S108: each operation names the scopes that open it, and those alone', () => {
  const described = [...operations].filter(([, { security }]) => security !== undefined);
  expect(
    Object.fromEntries(described.map(([path, { security = [] }]) => [path, scopesIn(security)])),
  ).toEqual(
    Object.fromEntries(
      routes.map(([method, path, , scopes]) => [pathOf(method, path), [...scopes].sort()]),
    ),
  );
});

it('S47: each POST with a key takes an Idempotency-Key, and nothing else does', () => {
  for (const [path, { security, parameters = [] }] of operations)
    expect([path, parameters.some(({ name }) => name === 'Idempotency-Key')]).toEqual([
      path,
      security !== undefined && path.startsWith('post '),
    ]);
});

it('each schema has a name that somebody gave it', () => {
  for (const name of schemas) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
});

const scopesIn = (security: readonly Record<string, readonly string[]>[]) =>
  [...new Set(security.flatMap((requirement) => Object.values(requirement).flat()))].sort();
