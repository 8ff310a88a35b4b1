/** What is sealed in the database, for `watchword secrets`: the command line asks batch by batch. */
import { z } from 'zod';
import { Audit } from '../audit/audit.js';
import { Keyring } from '../crypto/keyring.js';
import { Database } from '../storage/database.js';
import { sealedColumnNames } from '../storage/sealed-columns.js';
import { operation } from './operation.js';
import { resealBatch, standing, type Standing } from './reencryption.js';

/** What there is to do, and under which key. */
export interface ReencryptionPlan {
  readonly key: string;
  readonly columns: readonly Standing[];
}

export const secretOperations = {
  'secrets.plan': operation(z.strictObject({}), async (context): Promise<ReencryptionPlan> => {
    const key = context.get(Keyring).currentId;
    return { key, columns: await standing(context) };
  }),
  'secrets.begin': operation(z.strictObject({ values: z.int().min(1) }), async (context, input) => {
    const { kysely } = context.get(Database);
    const { currentId: keyId } = context.get(Keyring);
    const event = { type: 'secrets.reencryption_begun', keyId, values: input.values } as const;
    await context.get(Audit).recordEverywhere(kysely, 'operator', event);
  }),
  'secrets.batch': operation(
    z.strictObject({
      column: z.enum(sealedColumnNames),
      after: z.array(z.string()).min(1).nullable(),
    }),
    (context, { column, after }) => resealBatch(context, column, after),
  ),
} as const;
