/** What an operator says of the hosted pages: where they lead, who may frame them, how they look. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const REDIRECT = 'https://shop.example/mfa';
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>';

let environment: Environment;
let service: ServiceProcess;
let folder: string;

beforeAll(async () => {
  environment = await installation();
  service = await startProcess(environment);
  folder = await mkdtemp(join(tmpdir(), 'watchword-logo-'));
}, 60_000);
afterAll(() => service.end('SIGTERM'));

const json = <Result>(...args: string[]) => watchwordJson<Result>(environment, ...args);
const refused = async (...args: string[]) => {
  const { code, stderr } = await runWatchword(environment, ...args);
  expect(code).toBe(1);
  return stderr;
};

interface Shown {
  readonly id: string;
  readonly redirectUris: string[];
  readonly frameOrigins: string[];
}

it('registers addresses with an application, changes them, and takes them away', async () => {
  const { application } = await json<{ application: Shown }>(
    ...['applications', 'create', '--realm', 'Watchword', '--name', 'shop'],
    ...['--redirect-uri', REDIRECT, 'http://localhost:8080/cb'],
  );
  expect(application.redirectUris).toEqual([REDIRECT, 'http://localhost:8080/cb']);
  const update = (...args: string[]) =>
    json<Shown>('applications', 'update', application.id, ...args);
  expect(await update('--frame-origin', 'https://shop.example')).toMatchObject({
    redirectUris: [REDIRECT, 'http://localhost:8080/cb'],
    frameOrigins: ['https://shop.example'],
  });
  expect(await update('--redirect-uri', REDIRECT)).toMatchObject({ redirectUris: [REDIRECT] });
  expect(await update('--frame-origin', '--redirect-uri')).toMatchObject({
    redirectUris: [],
    frameOrigins: [],
  });
  const wrong = ['applications', 'update', application.id, '--redirect-uri'];
  expect(await refused(...wrong, 'http://shop.example/')).toContain('cannot be registered');
  expect(await refused('applications', 'update', 'app_x')).toContain('No application has the id');
});

it('a change holds at once in the running service', async () => {
  const [first] = await json<Shown[]>('applications', 'list');
  const body = { user_id: 'ann', purpose: 'verify', redirect_uri: REDIRECT };
  expect((await service.call('POST', '/v1/links', body)).status).toBe(403);
  await json('applications', 'update', first!.id, '--redirect-uri', REDIRECT);
  expect((await service.call('POST', '/v1/links', body)).status).toBe(201);
});

it('a realm has a colour, a language and a logo, which the service serves', async () => {
  const file = join(folder, 'logo.svg');
  await writeFile(file, SVG);
  const look = await json<{ id: string; logoVersion: string }>(
    ...['realms', 'update', '--color', '#ffcc00', '--locale', 'de', '--logo', file],
  );
  expect(look).toMatchObject({ name: 'Watchword', color: '#ffcc00', locale: 'de' });
  const answer = await fetch(`${service.url}/p/logo/${look.id}/${look.logoVersion}`);
  expect(answer.headers.get('content-type')).toBe('image/svg+xml');
  expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  expect(await answer.text()).toBe(SVG);
  const bare = await json('realms', 'update', '--color', 'none', '--logo', 'none');
  expect(bare).toMatchObject({ color: null, logoVersion: null, locale: 'de' });
  expect((await fetch(`${service.url}/p/logo/${look.id}/${look.logoVersion}`)).status).toBe(404);
  expect(await json('realms', 'list')).toEqual([bare]);
});

it('says what a realm asks of security keys, and takes it back', async () => {
  const model = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';
  const { securityKeys } = await json<{ securityKeys: object }>(
    ...['realms', 'update', '--webauthn-rp-id', 'bank.example', '--webauthn-rp-name', 'Bank'],
    ...['--webauthn-origin', 'https://a.bank.example', '--webauthn-origin', 'https://bank.example'],
    ...['--webauthn-user-verification', 'required', '--webauthn-aaguid', model.toUpperCase()],
  );
  expect(securityKeys).toEqual({
    ...{ id: 'bank.example', name: 'Bank', userVerification: 'required', aaguids: [model] },
    origins: ['https://a.bank.example', 'https://bank.example'],
  });
  const bare = await json<{ securityKeys: { id: string; origins: string[] } }>(
    ...['realms', 'update', '--webauthn-rp-id', 'none', '--webauthn-rp-name', 'none'],
    ...['--webauthn-origin', 'none', '--webauthn-aaguid', 'none'],
    ...['--webauthn-user-verification', 'none'],
  );
  const usual = { name: 'Watchword', userVerification: 'preferred', aaguids: [] };
  expect(bare.securityKeys).toMatchObject(usual);
  expect(bare.securityKeys.origins).toHaveLength(1);
});

it.each([
  ['an origin with a path', ['--webauthn-origin', 'https://bank.example/login']],
  ['a domain that is an address', ['--webauthn-rp-id', 'https://bank.example']],
  ['a domain that is an address of IP', ['--webauthn-rp-id', '192.0.2.1']],
  ['a model that is none', ['--webauthn-aaguid', 'YubiKey']],
])('refuses %s for security keys', async (_what, args) => {
  expect(await refused('realms', 'update', ...args)).not.toBe('');
});

it.each([
  ['a colour that is none', ['--color', 'red;}*{display:none'], 'six hexadecimal digits'],
  ['a file that is not there', ['--logo', '/nowhere.png'], 'cannot be read'],
])('refuses %s', async (_what, args, word) => {
  expect(await refused('realms', 'update', ...args)).toContain(word);
});

it.each([
  ['a page', '<!doctype html><script>alert(1)</script>', 'no PNG, WebP or SVG'],
  ['a picture of another kind', 'GIF89a', 'no PNG, WebP or SVG'],
  ['a picture that is too large', `<svg>${' '.repeat(10_000)}</svg>`, 'more than 10000'],
])('S104: refuses %s for a logo', async (_what, content, word) => {
  const file = join(folder, 'other');
  await writeFile(file, content);
  expect(await refused('realms', 'update', '--logo', file)).toContain(word);
});
