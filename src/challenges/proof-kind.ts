import type { Selectable } from 'kysely';
import type { Caller } from '../applications/application.js';
import type { RefusalReason } from '../audit/event.js';
import type { PresentedToken } from '../crypto/rotating-token.js';
import type { FactorType } from '../factors/factor.js';
import type { AuditEventRow } from '../storage/schema.js';
import type { FirstFactor, ProvenMethod } from '../tokens/claims.js';
import type { Charge } from './attempts.repository.js';
import type { Challenge } from './challenge.js';

/** What somebody says they can prove. */
export interface Claim {
  readonly caller: Caller;
  /** Null where whose it is will only be known by the proof. */
  readonly userId: string | null;
  readonly code: string;
  readonly factorId: string | null;
  readonly challenge: Challenge | null;
  readonly firstFactor: readonly FirstFactor[];
  readonly transactionHash: string | null;
  /** The token of a device that came with it, one that this service made. */
  readonly device?: PresentedToken | undefined;
  readonly now: Date;
}

/** What was proved. */
export interface Proven {
  readonly userId: string;
  readonly factorId: string;
  readonly type: FactorType;
  readonly method: ProvenMethod;
}

/**
 * Uses a right code up; committed when it answers.
 *
 * @param approval the audit's row for what is proved, to be written by the same statement
 * @returns undefined where somebody else was faster
 */
export type Consume = (
  approval: (proven: Omit<Proven, 'method'>) => Selectable<AuditEventRow>,
) => Promise<Proven | undefined>;

/** One way to prove a factor by a code; a kind's file is `<kind>.proof.ts`. */
export interface ProofKind {
  /** The types of factor that it proves. */
  readonly types: readonly [FactorType, ...FactorType[]];
  /** What its attempts are counted under, for each user. */
  readonly budget: string;
  /** Whose attempts are counted together, by the name that the budget has. */
  subjectOf(claim: Claim): string;
  /**
   * @param charge the attempt, charged already
   * @returns how to use the code up; undefined if it is not right
   */
  compare(claim: Claim, charge: Charge): Consume | undefined;
  /** Why a code was not right, for the audit. */
  reasonOf(charge: Charge): RefusalReason;
}
