/** The data folder of an embedded service: one process has it, and says so by name. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  cliFile,
  freePort,
  installation,
  mainFile,
  run,
  runStart,
  startProcess,
  until,
} from '../support/service-process.js';

it('is named where it cannot be one', async () => {
  const environment = await installation();
  const place = join(environment['WATCHWORD_DATA_DIR'] ?? '', 'a-file');
  await writeFile(place, '');
  const { code, stderr } = await runStart({ ...environment, WATCHWORD_DATA_DIR: place });
  expect([code, stderr]).toEqual([1, expect.stringContaining(place)]);
}, 30_000);

it('may have a path that is too long for a socket', async () => {
  const { WATCHWORD_DATA_DIR: folder = '', ...environment } = await installation();
  const long = { ...environment, WATCHWORD_DATA_DIR: join(folder, 'long'.repeat(30)) };
  const service = await startProcess(long);
  await until(() => Promise.resolve(service.output().includes('too long')));
  // The command line cannot reach the service then, and says so instead of opening the folder.
  const beside = await run(process.execPath, [cliFile, 'applications', 'list'], long);
  expect([beside.code, beside.stderr]).toEqual([1, expect.stringContaining('in use')]);
  await service.end('SIGTERM');
  const alone = await run(process.execPath, [cliFile, 'applications', 'list'], long);
  expect([alone.code, alone.stdout]).toEqual([0, expect.stringContaining('app_')]);
}, 60_000);

it('is opened by one of two that start at once', async () => {
  const environment = await installation();
  const children = await Promise.all(
    [0, 1].map(async () =>
      spawn(process.execPath, [mainFile], {
        env: { ...environment, WATCHWORD_PORT: String(await freePort()) },
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    ),
  );
  let stderr = '';
  for (const child of children) child.stderr.on('data', (part) => (stderr += String(part)));
  await Promise.race(children.map((child) => once(child, 'exit')));
  const living = children.filter(({ exitCode }) => exitCode === null);
  for (const child of living) child.kill('SIGKILL');
  expect(living).toHaveLength(1);
  expect(stderr).toContain('is in use by another Watchword process');
}, 60_000);
