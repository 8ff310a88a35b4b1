import { z } from 'zod';
import { lookAhead } from '../factors/factors.schemas.js';
import { LOOK_AHEAD } from '../otp/hotp-window.js';
import { FILE_KEY_FORM, readFileKey } from '../token-files/file-key.js';
import { formatNames } from '../token-files/formats.js';
import type { Outcome } from './imports.js';

/** What a body may have: a file of some ten thousand tokens, escaped. */
export const IMPORT_BYTES = 8 * 1024 * 1024;
/** What a request may bring; more than that the command line imports, with a bar to look at. */
export const IMPORT_ROWS = 10_000;

/** The key of an encrypted file, as it is handed over beside it. */
export const fileKey = z.string().transform((text, context) => {
  const key = readFileKey(text);
  if (key !== undefined) return key;
  context.addIssue({ code: 'custom', message: `must be ${FILE_KEY_FORM}` });
  return z.NEVER;
});

export const importBody = z
  .strictObject({
    format: z
      .enum(formatNames)
      .optional()
      .meta({ description: 'Left out: told by the look of the file.' }),
    content: z.string().min(1).meta({ description: 'The file, as text.' }),
    key: fileKey
      .optional()
      .meta({ description: `Of an encrypted file: the pre-shared key, ${FILE_KEY_FORM}.` }),
    password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({ description: 'Of a file that is encrypted under a password.' }),
    user_field: z.string().min(1).max(64).optional().meta({
      description:
        'Which member of a user of the other service is the user id here, where there are several.',
    }),
    assign_users: z.boolean().default(false).meta({
      description:
        'Users that the file names beside a serial get that token, active at once; else it goes into stock.',
    }),
    look_ahead: lookAhead.default(LOOK_AHEAD),
    dry_run: z
      .boolean()
      .default(false)
      .meta({ description: 'Only say what would become of each row.' }),
  })
  .meta({ id: 'TokensImportRequest' });
export type ImportBody = z.output<typeof importBody>;

export const importReport = z
  .object({
    format: z.enum(formatNames),
    dry_run: z.boolean(),
    imported: z.int(),
    present: z.int().meta({ description: 'Were there already, with the same secret.' }),
    refused: z.int(),
    rows: z.array(
      z.object({
        line: z.int(),
        serial: z.string().optional(),
        user_id: z.string().optional(),
        outcome: z.enum(['imported', 'present', 'refused']),
        reason: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'TokensImportReport' });

/** A row of a report as it is shown. */
export function rowView({ line, serial, user, outcome, reason }: Outcome) {
  return {
    line,
    ...(serial !== null && { serial }),
    ...(user !== null && { user_id: user }),
    outcome,
    ...(reason !== null && { reason }),
  };
}

/** How many rows came to what. */
export function countsOf(outcomes: readonly Outcome[]) {
  const count = (wanted: Outcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === wanted).length;
  return { imported: count('imported'), present: count('present'), refused: count('refused') };
}
