/** The shell script, before a service of its own, with oathtool and without. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { examples } from '../support/examples.js';
import {
  installation,
  run,
  startProcess,
  type ServiceProcess,
} from '../support/service-process.js';

let service: ServiceProcess;
let key: string;

beforeAll(async () => {
  const environment = await installation();
  key = environment['WATCHWORD_BOOTSTRAP_API_KEY'] ?? '';
  service = await startProcess(environment);
}, 60_000);
afterAll(() => service.end('SIGTERM'));

const login = (user: string, path = process.env['PATH'] ?? '') =>
  run('bash', [join(examples, 'curl/login.sh'), user], {
    ...{ PATH: path, WATCHWORD_URL: service.url, WATCHWORD_API_KEY: key },
  });

function expectWholeLife({ code, stdout, stderr }: Awaited<ReturnType<typeof login>>): void {
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('█');
  const lines = stdout.split('\n');
  const after = (step: string) => lines[lines.findIndex((line) => line.startsWith(step)) + 1] ?? '';
  expect(after('2.')).toBe('active');
  expect(after('3.')).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(after('4.')).toMatch(/^good for \d+ seconds$/);
  expect(JSON.parse(after('5.'))).toMatchObject({ active: true, acr: 'aal2' });
  expect(JSON.parse(after('6.'))).toEqual({ active: false });
}

it('enrols, activates, verifies, refreshes, introspects and revokes', async () => {
  expectWholeLife(await login('alice'));
}, 60_000);

it('does so without oathtool', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchword-path-'));
  try {
    for (const program of ['bash', 'curl', 'date', 'node', 'cat'])
      symlinkSync(await whereIs(program), join(folder, program));
    expectWholeLife(await login('bob', folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

it('ends with what the service says where it refuses', async () => {
  key = `${key.slice(0, -4)}AAAA`;
  const { code, stdout, stderr } = await login('carol');
  expect(code).not.toBe(0);
  expect(stderr).toContain('"code":"unauthenticated"');
  expect(stdout).not.toContain('2.');
});

async function whereIs(program: string): Promise<string> {
  const { stdout } = await run('bash', ['-c', `type -P ${program}`], {
    PATH: [process.env['PATH'] ?? '', '/usr/bin', '/bin'].join(delimiter),
  });
  if (stdout === '') throw new Error(`${program} is missing`);
  return stdout.trim();
}
