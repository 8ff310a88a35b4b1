/** What another service gets by `import … from 'watchword/verify'`: the built kit, with its types, and nothing else. */
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '../..');
const run = promisify(execFile);
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};

let folder: string;

/** A service that has installed Watchword's files and these packages only. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchword-package-'));
  const installed = join(folder, 'node_modules/watchword');
  mkdirSync(installed, { recursive: true });
  for (const path of ['package.json', 'dist/modules/verify'])
    cpSync(join(root, path), join(installed, path), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  link('jose');
});
afterAll(() => rmSync(folder, { recursive: true }));

function link(name: string): void {
  const target = join(folder, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), target);
}

/** Runs a module in that service; what it logs. */
async function running(text: string): Promise<string> {
  writeFileSync(join(folder, 'run.js'), text);
  return (await run(process.execPath, ['run.js'], { cwd: folder })).stdout.trim();
}

it('is there under each of its names', () => {
  const files = Object.values(entries).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  for (const file of files) expect(readFileSync(join(root, file), 'utf8')).not.toBe('');
  expect(Object.keys(entries)).toEqual(
    expect.arrayContaining(
      ['verify', 'express', 'fastify', 'nest'].map(
        (name) => `./${name === 'verify' ? '' : 'verify/'}${name}`,
      ),
    ),
  );
});

it('needs jose and no other package; Nest only who guards a Nest application', async () => {
  const names = ['', '/express', '/fastify'].map((name) => `watchword/verify${name}`);
  const seen = await running(`
    for (const name of ${JSON.stringify(names)}) console.log(Object.keys(await import(name)).join());
    await import('watchword/verify/nest').catch(({ code }) => console.log(code));
    await import('watchword/dist/main.js').catch(({ code }) => console.log(code));
  `);
  expect(seen.split('\n')).toEqual([
    'VerificationError,answerTo,createVerifier,thumbprintOf',
    'clientOf,proofOf,requireClient,requireProof',
    'clientOf,proofOf,requireClient,requireProof',
    'ERR_MODULE_NOT_FOUND',
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  ]);
  link('@nestjs/common');
  const nest = await running(
    "console.log(Object.keys(await import('watchword/verify/nest')).join());",
  );
  expect(nest).toBe('Client,Proof,ProofGuard,ProofModule,RequireClient,RequireProof');
});

it('checks a token where it is installed', async () => {
  const seen = await running(`
    import { exportJWK, generateKeyPair, SignJWT } from 'jose';
    import { createVerifier, VerificationError } from 'watchword/verify';
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }];
    const verifier = createVerifier({
      issuer: 'https://mfa.example',
      audience: 'bank',
      fetch: async () => Response.json({ keys }),
    });
    const token = await new SignJWT({ client_id: 'a', amr: ['otp'], acr: 'aal1', auth_time: 1 })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k' })
      .setIssuer('https://mfa.example').setAudience('bank').setSubject('pat').setJti('j')
      .setIssuedAt().setNotBefore('0s').setExpirationTime('1m')
      .sign(privateKey);
    console.log((await verifier.verify(token)).userId);
    const error = await verifier.verify(token + 'x').catch((error) => error);
    console.log(error instanceof VerificationError, error.code);
  `);
  expect(seen.split('\n')).toEqual(['pat', 'true token_malformed']);
});

it('has types that hold in a strict program', () => {
  for (const name of ['express', 'fastify', '@types', 'undici-types']) link(name);
  writeFileSync(
    join(folder, 'consumer.ts'),
    `
    import express from 'express';
    import { fastify } from 'fastify';
    import { createVerifier, VerificationError, type RefusalCode, type UserToken } from 'watchword/verify';
    import { proofOf, requireClient, requireProof } from 'watchword/verify/express';
    import { requireProof as hook, proofOf as proof } from 'watchword/verify/fastify';
    import { Proof, ProofModule, RequireProof } from 'watchword/verify/nest';
    const options = { issuer: 'https://mfa.example', audience: 'bank' };
    const verifier = createVerifier(options);
    const clients = createVerifier({ ...options, tokenType: 'client+jwt' });
    const token: UserToken = await verifier.verify('x', { require: { acr: 'aal2' } });
    const when: Date = token.authTime;
    const code: RefusalCode = new VerificationError('expired', 'x').code;
    express().get('/', requireProof(verifier, { maxAgeSeconds: 60 }), (request, response) => {
      response.json([proofOf(request).userId, when, code]);
    });
    express().get('/', requireClient(clients, { scopes: ['pay'] }));
    fastify().get('/', { onRequest: hook(verifier) }, async (request) => proof(request).amr);
    class Routes {
      @RequireProof({ amr: ['otp'] })
      route(@Proof() { userId }: UserToken) { return userId; }
    }
    export const all = [ProofModule.forRoot({ verifier }), Routes];
    // @ts-expect-error a client's token proves no user
    requireProof(clients);
    // @ts-expect-error it has no such option
    requireProof(verifier, { maxAge: 60 });
    // @ts-expect-error there is no such strength
    requireProof(verifier, { acr: 'high' });
    // @ts-expect-error a token without an audience is anybody's
    createVerifier({ issuer: 'https://mfa.example' });
    `,
  );
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'],
    ...[
      '--experimentalDecorators',
      '--skipLibCheck',
      '--types',
      'node',
      '--exactOptionalPropertyTypes',
    ],
  ];
  const compile = () =>
    execFileSync(process.execPath, [compiler, ...options, 'consumer.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
  expect(compile()).toBe('');
}, 60_000);

it('is packed with the service, and no source, test or data is', async () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await run('npm', args, { cwd: root, maxBuffer: 32 * 1024 * 1024 });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['dist/modules/verify/verifier.d.ts', 'dist/main.js']),
  );
  expect(
    paths.filter((path) => !/^(dist\/|package\.json|README|LICENSE|CHANGELOG)/.test(path)),
  ).toEqual([]);
}, 60_000);
