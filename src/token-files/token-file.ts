/** Files that bring the secrets of tokens and apps: what every format comes down to. */
import { SecretError } from '../otp/secret.js';
import type { HotpParameters } from '../otp/algorithm.js';

/** What a token does, and where it is. */
export interface FileToken extends HotpParameters {
  readonly type: 'hotp' | 'totp';
  readonly secret: Uint8Array;
  /** Of one with a clock, in seconds. */
  readonly period: number;
  /** Of one that counts: the counter of its next code. */
  readonly counter: number;
  /** How far its clock is known to be ahead, in steps. */
  readonly driftSteps: number;
}

/** Whose or which it is; a name that the file says nothing of is null. */
export interface Subject {
  /** Of a thing that is handed out. */
  readonly serial: string | null;
  /** Of somebody who uses it already. */
  readonly user: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  /** What its user calls it. */
  readonly label: string | null;
}

/** One token of a file, or what is wrong with it. */
export type Entry = Subject & {
  /** Where it stands: the line, or the how-manieth it is where lines mean nothing; from 1. */
  readonly line: number;
} & (
    | { readonly token: FileToken; readonly fault?: undefined }
    | { readonly token?: undefined; readonly fault: string }
  );

export interface ReadOptions {
  /** The pre-shared key of a PSKC file: 16, 24 or 32 bytes. */
  readonly key?: Uint8Array | undefined;
  readonly password?: string | undefined;
  /** Which member of a user's is the user's name here, where the format has several. */
  readonly userField?: string | undefined;
  /** A file with more is refused before it is read to its end; left out: any. */
  readonly mostRows?: number | undefined;
  readonly now: Date;
}

export interface TokenFileFormat {
  /** Whether a text is most likely of this format. */
  looksLike(text: string): boolean;
  /** @throws TokenFileError where the file as a whole cannot be read */
  read(text: string, options: ReadOptions): Iterable<Entry> | Promise<Iterable<Entry>>;
}

/** A file that cannot be read at all. The message is public and says what to do. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/** One row that cannot be used; the others can. The message is public and quotes no secret. */
export class RowError extends Error {
  override readonly name = 'RowError';
}

const nobody = { serial: null, user: null, manufacturer: null, model: null, label: null };

/** An entry, with what `read` throws of a row as its fault. */
export function entryOf(line: number, subject: Partial<Subject>, read: () => FileToken): Entry {
  const named = { line, ...nobody, ...subject };
  try {
    return { ...named, token: read() };
  } catch (error) {
    if (!(error instanceof RowError || error instanceof SecretError)) throw error;
    return { ...named, fault: error.message };
  }
}
