import type { Application, Caller } from '../applications/application.js';
import { WatchwordError } from '../errors.js';
import { BYPASS_TYPE } from '../tokens/claims.js';
import {
  attemptsLeftOf,
  maySee,
  statusAt,
  type Challenge,
  type ChallengeType,
} from './challenge.js';
import type { Answer, Claim, ProofKind } from './proof-kind.js';

/** What a challenge says is to be proved; nothing of it comes from who answers (S27). */
export function claimOf(caller: Caller, challenge: Challenge, answer: Answer, now: Date): Claim {
  const { userId, factorId, firstFactor, transactionHash } = challenge;
  const { code = '', response } = answer;
  const asked = { userId, factorId, challenge, firstFactor, transactionHash };
  return { caller, code, response: response ?? null, ...asked, now };
}

/** Said before an attempt is charged: nothing was tried. */
export function refuseMismatch({ takes }: ProofKind, answer: Answer): void {
  if (answer[takes] === undefined) throw new WatchwordError('answer_mismatched');
}

/** The types that are proved this way and that the application accepts. */
export function acceptedTypes({ caller }: Claim, kind: ProofKind): readonly ChallengeType[] {
  const { factorTypes } = caller.application;
  const accepted = kind.types.filter((type) => accepts(caller.application, type));
  if (accepted.length > 0) return accepted;
  throw new WatchwordError('factor_type_not_allowed', { allowed: factorTypes });
}

/** What an operator lets in is no factor, and needs no application's leave. */
function accepts({ factorTypes }: Application, type: ChallengeType): boolean {
  return type === BYPASS_TYPE || factorTypes.includes(type);
}

/** A payment is not confirmed because an operator let somebody in. */
export function refuseConfirming({ caller, challenge, transactionHash }: Claim, kind: ProofKind) {
  if (kind.types[0] !== BYPASS_TYPE) return;
  if (transactionHash === null && challenge?.purpose !== 'confirm') return;
  throw new WatchwordError('factor_type_not_allowed', {
    allowed: caller.application.factorTypes,
  });
}

/** An enrolment's code makes a factor, and never a token. */
export function mayVerify(caller: Caller, challenge: Challenge): boolean {
  return challenge.purpose !== 'enrol' && maySee(caller, challenge);
}

export function refuseEnded(challenge: Challenge, now: Date): void {
  const status = statusAt(challenge, now);
  if (status === 'pending' && attemptsLeftOf(challenge) > 0) return;
  throw new WatchwordError('challenge_ended', {
    challenge_status: status === 'pending' ? 'failed' : status,
  });
}
