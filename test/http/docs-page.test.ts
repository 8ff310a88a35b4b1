/** The docs page stands alone: it loads nothing from another host, and what it needs its policy allows. */
import { startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;
let html: string;
let policy: Record<string, string[]>;

beforeAll(async () => {
  service = await startApplication();
  const answer = await service.call('GET', '/docs', undefined, { key: '' });
  html = answer.text;
  const directives = String(answer.headers['content-security-policy']).split('; ');
  policy = Object.fromEntries(
    directives.map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources];
    }),
  );
});
afterAll(() => service.close());

const open = (path: string) => service.call('GET', path, undefined, { key: '' });

const references = () =>
  [...html.matchAll(/\s(?:src|href|action|data|poster|srcset)\s*=\s*["']?([^"'\s>]+)/gi)].map(
    ([, reference = '']) => reference,
  );

it('S22: refers to nothing on another host, and to nothing that is missing', async () => {
  expect(references().length).toBeGreaterThan(3);
  for (const reference of references()) {
    if (reference.startsWith('#')) continue;
    const { origin, pathname } = new URL(reference, 'https://mfa.example/docs');
    expect([reference, origin]).toEqual([reference, 'https://mfa.example']);
    expect([reference, (await open(pathname)).status]).toEqual([reference, 200]);
  }
});

it('S99: has no script in its own text, so the policy needs to allow none', () => {
  const scripts = [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)];
  expect(scripts.length).toBeGreaterThan(0);
  for (const [, attributes, text = ''] of scripts) {
    expect(attributes).toMatch(/\ssrc=/);
    expect(text.trim()).toBe('');
  }
  expect(html).not.toMatch(/\son\w+\s*=|javascript:/i);
  expect(policy['script-src']).toEqual(["'self'"]);
  expect(policy['default-src']).toEqual(["'none'"]);
  expect(policy['connect-src']).toEqual(["'self'"]);
});

it('S22: its styles load nothing, and its scripts come as scripts', async () => {
  for (const reference of references()) {
    const path = new URL(reference, 'https://mfa.example/docs').pathname;
    const { text, headers } = await open(path);
    if (path.endsWith('.js')) expect(headers['content-type']).toContain('javascript');
    if (!path.endsWith('.css')) continue;
    expect(headers['content-type']).toContain('text/css');
    expect(text).not.toMatch(/@import/);
    for (const [, target = ''] of text.matchAll(/url\(["']?([^)"']+)/g))
      expect(target).toMatch(/^data:/);
  }
});

it('S114: the document and the page name no key, host or path of this installation', async () => {
  const document = (await open('/openapi.json')).text;
  for (const text of [html, document]) {
    expect(text).not.toContain(service.first.key);
    expect(text).not.toContain(service.first.application.id);
    expect(text).not.toContain(process.cwd());
  }
});
