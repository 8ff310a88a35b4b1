import type { ProvenMethod } from '../tokens/claims.js';
import type { Factor, FactorType } from './factor.js';

/** Where a factor of ours stands: what a sealed secret is bound to. */
export type FactorPlace = Pick<Factor, 'id' | 'realmId' | 'userId'>;

/** Where a factor's secret stands: what its seal is bound to. */
export function secretPlace({ id, realmId, userId }: FactorPlace) {
  return { table: 'factors', column: 'secret', realmId, userId, rowId: id };
}

/** What a new factor stores, and what its user sees this once. */
export interface Enrolment {
  readonly secret: Uint8Array;
  /** What a factor is found by where its user is not known; null where it is never looked for. */
  readonly lookup: Uint8Array | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly defaultName: string;
  /** Codes up to this step or counter are spent from the beginning; left out: none is. */
  readonly lastStep?: number;
  /** What is known of its clock already. */
  readonly driftSteps?: number;
}

/** What a right code uses up; storing it is what makes the code good only once. */
export interface Spent {
  /** The time step, or the counter. */
  readonly step: number;
  readonly driftSteps: number;
}

/** The part of a stored factor that tells whether a code is right. */
export interface Checkable extends FactorPlace {
  readonly type: FactorType;
  readonly secret: Uint8Array | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly lastStep: number | null;
  readonly driftSteps: number;
}

/** Two codes as a token shows them one after the other. */
export type CodePair = readonly [string, string];

/** One kind of factor whose proof is a code. A kind decides and computes; it never stores. */
export interface CodeMethod {
  readonly type: FactorType;
  /** What a proof by this kind puts into `amr`. */
  readonly proves: ProvenMethod;
  /**
   * @param code digits, normalised
   * @returns what the code uses up, or null if it is not right
   */
  match(factor: Checkable, code: string, now: Date): Spent | null;
  /**
   * Finds a token again that went astray, by two codes in a row.
   *
   * @returns what both use up, or null where they are not right
   */
  resync(factor: Checkable, codes: CodePair, now: Date): Spent | null;
  /** Whether it is a token that may go astray: a clock that nobody sets, a counter that anybody presses. */
  canResync(factor: Checkable): boolean;
}
