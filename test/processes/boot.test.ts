/** The first minute of a newcomer, and what a start refuses. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import {
  cliFile,
  freePort,
  installation,
  mainFile,
  run,
  runStart,
  startProcess,
  until,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';
import { decodeSecret } from '../../src/otp/secret.js';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import { stepAt, totp } from '../../src/otp/totp.js';

const isEmbedded = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite';

describe('a first start', () => {
  let environment: Environment;
  let service: ServiceProcess;
  let port: string;

  beforeAll(async () => {
    port = String(await freePort());
    const { WATCHWORD_BOOTSTRAP_API_KEY: _none, ...rest } = await installation();
    environment = { ...rest, WATCHWORD_PORT: port };
    service = await startProcess(environment);
  }, 60_000);
  afterAll(() => service.end('SIGTERM'));

  it('prints a key and three lines that log in as they are', async () => {
    await until(() => Promise.resolve(service.output().includes('Ready: ')));
    const [enrolLine, activateLine, verifyLine] = service
      .output()
      .split('\n')
      .filter((line) => line.includes('curl -s'));
    if (!enrolLine || !activateLine || !verifyLine) throw new Error(service.output());
    const key = /ww_[A-Za-z0-9_-]{43}/.exec(service.output())?.[0] ?? '';
    const enrolled = await run('bash', ['-c', `${enrolLine}\necho "FACTOR=$FACTOR"`], environment);
    expect(enrolled.stdout).toContain('█');
    const factor = /FACTOR=(fac_\w+)/.exec(enrolled.stdout)?.[1] ?? '';

    const secret = await secretOf(service, key, factor);
    // Both count from one step: a token that is told late is taken for slow from then on (S9).
    const step = stepAt(new Date(), 30);
    const code = (steps: number) => totp(secret, step + steps, defaultTotpParameters);
    const inShell = { ...environment, FACTOR: factor };
    const activated = await run('bash', ['-c', activateLine], inShell, `${code(0)}\n`);
    expect(activated.stdout).toContain('"status":"active"');
    const verified = await run('bash', ['-c', verifyLine], inShell, `${code(1)}\n`);
    expect(verified.stdout).toContain('"access_token":"eyJ');
  }, 30_000);

  it('answers everything it names', async () => {
    for (const path of ['/', '/docs', '/openapi.json', '/health/live', '/health/ready', '/metrics'])
      expect(await service.call('GET', path)).toMatchObject({ status: 200 });
  });

  it('counts what the process itself takes', async () => {
    const { body } = await service.call('GET', '/metrics');
    expect(body).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('keeps what is secret for the owner alone', async () => {
    const mode = async (name: string) =>
      (await stat(join(environment['WATCHWORD_DATA_DIR'] ?? '', name))).mode & 0o777;
    if (!isEmbedded) return;
    expect(await mode('.')).toBe(0o700);
    expect(await mode('operator.sock')).toBe(0o600);
    expect(service.output()).toContain('power loss');
  });

  it('refuses a second process on the same folder, by name, or the same port', async () => {
    const second = await runStart(environment);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      isEmbedded
        ? `${environment['WATCHWORD_DATA_DIR'] ?? ''} is in use by another Watchword process`
        : 'The port is taken',
    );
  }, 30_000);
});

it('generates encryption keys in embedded mode, for the owner alone, and only once', async () => {
  if (!isEmbedded) return;
  const { WATCHWORD_ENCRYPTION_KEYS: _none, ...environment } = await installation();
  const file = join(environment['WATCHWORD_DATA_DIR'] ?? '', 'encryption-keys');
  const first = await startProcess(environment);
  const keys = await readFile(file, 'utf8');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  // A killed process releases the folder.
  await first.end('SIGKILL');
  const second = await startProcess(environment);
  expect(await readFile(file, 'utf8')).toBe(keys);
  expect(second.output()).not.toContain('shown this once');
  await second.end('SIGTERM');
}, 60_000);

it('S123: production refuses every unsafe default, all of them at once', async () => {
  const { code, stderr } = await runStart({
    NODE_ENV: 'production',
    WATCHWORD_PORT: 'http',
  });
  expect(code).toBe(1);
  expect(stderr).toContain('WATCHWORD_PORT');
  const other = await runStart({
    NODE_ENV: 'production',
    WATCHWORD_BOOTSTRAP_API_KEY: `ww_${'a'.repeat(40)}`,
  });
  for (const name of ['PUBLIC_URL', 'ENCRYPTION_KEYS', 'DATABASE_URL', 'BOOTSTRAP_API_KEY'])
    expect(other.stderr).toContain(`WATCHWORD_${name}`);
  expect(other.stderr).not.toContain('aaaa');
}, 30_000);

it('says what to do when the database is away', async () => {
  const environment = await installation('postgresql://nobody@127.0.0.1:1/none');
  for (const file of [mainFile, cliFile]) {
    const { code, stderr } = await run(process.execPath, [file, 'doctor'], environment);
    expect(code).toBe(1);
    expect(stderr).toContain('Check WATCHWORD_DATABASE_URL');
  }
}, 30_000);

/** Reads the QR code as a phone's camera would. */
async function secretOf({ url }: ServiceProcess, key: string, factor: string): Promise<Uint8Array> {
  const answer = await fetch(`${url}/v1/factors/${factor}/qr.png`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { data, width, height } = PNG.sync.read(Buffer.from(await answer.arrayBuffer()));
  const uri = jsQR.default(new Uint8ClampedArray(data), width, height)?.data ?? '';
  return decodeSecret(new URL(uri).searchParams.get('secret') ?? '');
}
