import type { Selectable } from 'kysely';
import type { Caller } from '../applications/application.js';
import type { RefusalReason } from '../audit/event.js';
import type { PresentedToken } from '../crypto/rotating-token.js';
import type { ErrorCode } from '../errors.js';
import type { AuthenticationResponse } from '../factors/key-response.js';
import type { AuditEventRow } from '../storage/schema.js';
import type { FirstFactor, ProvenMethod, UserCheck } from '../tokens/claims.js';
import type { Charge } from './attempts.repository.js';
import type { Challenge, ChallengeType } from './challenge.js';

/** What is sent to prove something: what was typed, or what a security key has signed. */
export interface Answer {
  readonly code?: string | undefined;
  readonly response?: AuthenticationResponse | undefined;
}

/** What somebody says they can prove. */
export interface Claim {
  readonly caller: Caller;
  /** Null where whose it is will only be known by the proof. */
  readonly userId: string | null;
  /** Empty where there is a response instead. */
  readonly code: string;
  readonly response: AuthenticationResponse | null;
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
  /** The factor, or the operator's code in its place. */
  readonly factorId: string;
  readonly type: ChallengeType;
  readonly method: ProvenMethod;
  /** What the authenticator itself has seen of its user; left out where there is none that could. */
  readonly userCheck?: UserCheck;
}

/** What the audit is told of a proof. */
export type ProvenFactor = Pick<Proven, 'userId' | 'factorId' | 'type'>;

/** Why an answer is not right. */
export interface Refusal {
  /** For the audit. */
  readonly reason: RefusalReason;
  /** For whoever runs the page, where it tells no secret. */
  readonly why?: string;
}

/**
 * Uses a right code up; committed when it answers.
 *
 * @param approval the audit's row for what is proved, to be written by the same statement
 * @returns undefined where somebody else was faster
 */
export type Consume = (
  approval: (proven: ProvenFactor) => Selectable<AuditEventRow>,
) => Promise<Proven | undefined>;

export type Comparison = Consume | Refusal;

/** One way to prove a factor; a kind's file is `<kind>.proof.ts`. */
export interface ProofKind {
  /** What it proves; where the user has none of it, the audit names the first. */
  readonly types: readonly [ChallengeType, ...ChallengeType[]];
  /** What its attempts are counted under, for each user. */
  readonly budget: string;
  /** Whether the factor that a challenge names has to be an active one of its user's when the attempt is charged. */
  readonly isOfFactor: boolean;
  /** What it is proved by. */
  readonly takes: keyof Answer;
  /** What is answered where that is not right. */
  readonly refusedAs: ErrorCode;
  /** Whose attempts are counted together, by the name that the budget has. */
  subjectOf(claim: Claim): string;
  /**
   * @param charge the attempt, charged already
   * @returns how to use the answer up, or why it is not right
   */
  compare(claim: Claim, charge: Charge): Comparison | Promise<Comparison>;
}
