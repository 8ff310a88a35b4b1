/** The examples as a reader runs them: copied out of the repository, with the packages that they name. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startApplication, type TestApplication } from './application.js';
import { freePort, until } from './service-process.js';

const root = join(__dirname, '../..');
/** What an installation would bring with its packages. */
const programs = join(root, 'node_modules/.bin');
export const examples = join(root, 'examples');

export interface ListeningService extends TestApplication {
  readonly url: string;
}

/**
 * The whole application on a port, at the time of the machine less `secondsAgo`, where it stands still: what
 * checks its tokens in another process has the machine's clock.
 */
export async function startListening(secondsAgo: number): Promise<ListeningService> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const service = await startApplication({ environment: { WATCHWORD_PUBLIC_URL: url } });
  service.clock.advance(
    Math.floor((Date.now() - service.clock.now().getTime()) / 1000) - secondsAgo,
  );
  await service.app.listen(port, '127.0.0.1');
  return { ...service, url };
}

export interface Example {
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs `npm start` of an example in a folder where nothing is installed but what its package.json names. */
export async function startExample(
  name: string,
  environment: Record<string, string>,
): Promise<Example> {
  const folder = mkdtempSync(join(tmpdir(), `watchword-${name}-`));
  cpSync(join(examples, name), folder, { recursive: true });
  const { dependencies, devDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { dependencies: Record<string, string>; devDependencies?: Record<string, string> };
  for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies }))
    link(folder, dependency, version);
  const port = String(await freePort());
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...environment, PATH: `${programs}:${process.env['PATH'] ?? ''}`, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm and what it starts are ended together.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (output += part.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output}`);
    return fetch(url).then(
      () => true,
      () => false,
    );
  }, 120_000);
  return { url, stop };
}

/** The version that is tested here is the one that the reader gets. */
function link(folder: string, name: string, version: string): void {
  const target = version === 'file:../..' ? root : join(root, 'node_modules', name);
  const installed = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
    version: string;
  };
  if (!version.startsWith('file:') && installed.version !== version)
    throw new Error(`${name}: the example names ${version}, and ${installed.version} is here`);
  const place = join(folder, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(target, place);
}
