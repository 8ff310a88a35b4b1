/** What an id of a master key looks like: nothing that a separator or a log line could be made of. */
export const keyIdShape = /^[A-Za-z0-9_-]{1,32}$/;
export const badId = 'has a bad id: take 1 to 32 of A-Z a-z 0-9 _ -';

/** A master key has 256 bits. */
export const KEY_BYTES = 32;
const base64Shape = /^[A-Za-z0-9+/_-]*={0,2}$/;
/** 32 random bytes have fewer different ones with a probability under 2^-120. */
const LEAST_DIFFERENT_BYTES = 8;

/**
 * All that is wrong with a keyring's text, each with what to do; empty when it can be used. Keys are named
 * by their position: what stands where an id should be may be a key without its id (S114).
 */
export function problemsOf(text: string): string[] {
  if (text.trim() === '') return ['there is none: set at least one'];
  const firstAt = new Map<string, number>();
  return text.split(',').flatMap((entry, index) => {
    const position = index + 1;
    const problems = problemsOfEntry(entry.trim());
    const id = entry.trim().split(':')[0] ?? '';
    const first = firstAt.get(id);
    if (first === undefined) firstAt.set(id, position);
    else if (keyIdShape.test(id))
      problems.push(`has the id of key ${first}: give each an id of its own`);
    return problems.map((problem) => `key ${position} ${problem}`);
  });
}

function problemsOfEntry(entry: string): string[] {
  if (entry === '') return ['is empty: take the comma away'];
  const [id = '', material, ...others] = entry.split(':');
  const problems: string[] = [];
  if (material === undefined) return ['has no colon: write id:key'];
  if (others.length > 0) problems.push('has a second colon: write id:key, and a comma between two');
  if (!keyIdShape.test(id)) problems.push(badId);
  const problem = problemOfMaterial(material);
  return problem === undefined ? problems : [...problems, problem];
}

function problemOfMaterial(material: string): string | undefined {
  if (!base64Shape.test(material)) return 'is not base64: copy it again';
  const bytes = Buffer.from(material, 'base64');
  const { length } = bytes;
  const different = new Set(bytes).size;
  // As in the keyring: a pooled buffer is soon somebody else's.
  bytes.fill(0);
  if (length !== KEY_BYTES) return `has ${length} bytes: make one of ${KEY_BYTES}`;
  if (different < LEAST_DIFFERENT_BYTES) return 'is too regular to be random: make a new one';
  return undefined;
}
