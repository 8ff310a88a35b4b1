/** The data folder: one process at a time, and files that are whole or not there. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder, DataFolderError } from '../../src/storage/data-folder.js';

const built = join(__dirname, '../../dist/modules/storage/data-folder.js');

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'watchword-folder-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

/** Another process that locks the folder and answers what it got. */
async function holder(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const program = `
    import { DataFolder } from ${JSON.stringify(built)};
    try { DataFolder.lock(${JSON.stringify(folder)}); console.log('held'); }
    catch (error) { console.log(error.message); }
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

it('is made for the owner alone, parents included', async () => {
  const deep = join(place, 'var', 'lib', 'watchword');
  const folder = DataFolder.lock(deep);
  expect(folder.path).toBe(deep);
  expect((await stat(deep)).mode & 0o777).toBe(0o700);
  expect((await stat(join(deep, 'lock'))).mode & 0o777).toBe(0o600);
  folder.release();
});

it('a second lock is refused with the folder’s name, in this process too', () => {
  const folder = DataFolder.lock(place);
  expect(() => DataFolder.lock(place)).toThrow(DataFolderError);
  expect(() => DataFolder.lock(join(place, '..', place.split('/').at(-1) ?? ''))).toThrow(place);
  folder.release();
  DataFolder.lock(place).release();
});

it('a second process is refused, and gets the folder once the first gives it back', async () => {
  const folder = DataFolder.lock(place);
  const refused = await holder(place);
  expect(refused.said).toContain(place);
  expect(refused.said).toContain('in use by another Watchword process');
  await end(refused.child, 'SIGKILL');
  folder.release();
  const second = await holder(place);
  expect(second.said).toBe('held');
  await end(second.child, 'SIGTERM');
});

it('S125: kill -9 of the holder releases the lock', async () => {
  const { child, said } = await holder(place);
  expect(said).toBe('held');
  expect(() => DataFolder.lock(place)).toThrow('in use');
  await end(child, 'SIGKILL');
  DataFolder.lock(place).release();
});

it('says what to do where the folder cannot be made', async () => {
  const file = join(place, 'file');
  await writeFile(file, '');
  expect(() => DataFolder.lock(join(file, 'data'))).toThrow(DataFolderError);
  expect(() => DataFolder.lock(join(file, 'data'))).toThrow(/cannot be used.*WATCHWORD_DATA_DIR/);
});

describe('a file that is made once', () => {
  let folder: DataFolder;
  beforeEach(() => {
    folder = DataFolder.lock(place);
  });
  afterEach(() => folder.release());

  it('is made at the first reading, for the owner alone, and read from then on', async () => {
    let made = 0;
    const make = () => `keys ${++made}\n`;
    expect(await folder.readOrMake('encryption-keys', make)).toBe('keys 1\n');
    expect(await folder.readOrMake('encryption-keys', make)).toBe('keys 1\n');
    expect(made).toBe(1);
    expect((await stat(join(place, 'encryption-keys'))).mode & 0o777).toBe(0o600);
    expect((await readdir(place)).sort()).toEqual(['encryption-keys', 'lock']);
  });

  it('is not there after making it has failed', async () => {
    const failing = folder.readOrMake('encryption-keys', () => {
      throw new Error('no randomness');
    });
    await expect(failing).rejects.toThrow('no randomness');
    expect(await readdir(place)).not.toContain('encryption-keys');
    expect(await folder.readOrMake('encryption-keys', () => 'whole')).toBe('whole');
  });

  it('S125: half a file that a killed process left is not taken for one', async () => {
    await writeFile(join(place, 'encryption-keys.incoming'), 'k1:ha', { mode: 0o644 });
    expect(await folder.readOrMake('encryption-keys', () => 'k1:whole')).toBe('k1:whole');
    expect(await readFile(join(place, 'encryption-keys'), 'utf8')).toBe('k1:whole');
    expect((await stat(join(place, 'encryption-keys'))).mode & 0o777).toBe(0o600);
  });

  it('that cannot be read is told, and never made anew over it', async () => {
    await mkdir(join(place, 'encryption-keys'));
    await expect(folder.readOrMake('encryption-keys', () => 'other')).rejects.toThrow('EISDIR');
  });
});
