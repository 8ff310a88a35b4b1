/** Run by the build with a file name: makes the initialised database that a first start unpacks. */
import { writeFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect } from 'kysely';
import { migrate } from './migrations.js';
import type { Schema } from './schema.js';

const pglite = await PGlite.create();
await migrate(new Kysely<Schema>({ dialect: new PGliteDialect({ pglite }) }));
await pglite.exec('VACUUM ANALYZE');
await pglite.exec('CHECKPOINT');
const archive = await pglite.dumpDataDir('none');
const [place = 'seed.tar'] = process.argv.slice(2);
await writeFile(place, Buffer.from(await archive.arrayBuffer()));
await pglite.close();
