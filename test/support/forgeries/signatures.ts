/** Signatures that are none: of zeros, at the edges of the curve, cut, prolonged, in other forms, flipped. */
import { ecdsa, type Forgery, type Genuine } from './genuine.js';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

const numberOf = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`);
const bytesOf = (number: bigint) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
const halves = (signature: Buffer) => [signature.subarray(0, 32), signature.subarray(32)] as const;

const withSignature = ({ head, body }: Genuine, name: string, bytes: Buffer): Forgery => ({
  name: `signature: ${name}`,
  token: `${head}.${body}.${bytes.toString('base64url')}`,
});

/**
 * The other signature that is as good as this: (r, n − s). By the mathematics of ECDSA who sees one can write
 * the other, over the same words. It is no forgery, for it says nothing that was not signed.
 */
export function malleated(token: string): string {
  const at = token.lastIndexOf('.');
  const [r, s] = halves(Buffer.from(token.slice(at + 1), 'base64url'));
  const other = Buffer.concat([r, bytesOf(ORDER - numberOf(s))]);
  return `${token.slice(0, at)}.${other.toString('base64url')}`;
}

/** CVE-2022-21449: a pair of zeros that a verifier forgot to refuse; and all its relatives. */
export function oddNumbers(genuine: Genuine): Forgery[] {
  const [r, s] = halves(genuine.signature);
  const numbers: Record<string, Buffer> = {
    ...{ r, s, zero: bytesOf(0n), one: bytesOf(1n), two: bytesOf(2n), order: bytesOf(ORDER) },
    ...{
      'order − 1': bytesOf(ORDER - 1n),
      'order + 1': bytesOf(ORDER + 1n),
      prime: bytesOf(PRIME),
    },
    ...{ 'half the order': bytesOf(ORDER / 2n), ones: Buffer.alloc(32, 255) },
    ...{ 'order − r': bytesOf(ORDER - numberOf(r)), 'r + 1': bytesOf(numberOf(r) + 1n) },
  };
  return Object.entries(numbers).flatMap(([nameR, first]) =>
    Object.entries(numbers)
      .filter(([nameS]) => !(nameR === 'r' && nameS === 's'))
      .map(([nameS, second]) =>
        withSignature(genuine, `${nameR}, ${nameS}`, Buffer.concat([first, second])),
      ),
  );
}

function derOf(p1363: Buffer, padding = 0): Buffer {
  const integer = (bytes: Buffer) => {
    const zeros = padding + ((bytes[0] ?? 0) & 0x80 ? 1 : 0);
    return Buffer.concat([Buffer.from([2, bytes.length + zeros]), Buffer.alloc(zeros), bytes]);
  };
  const [r, s] = halves(p1363);
  const both = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}

/** DER where the two numbers side by side belong, and other lengths (RFC 7518 section 3.4). */
export function otherForms(genuine: Genuine): Forgery[] {
  const { signature, attacker, head, body } = genuine;
  const [r, s] = halves(signature);
  const der = derOf(signature);
  const others: Record<string, Buffer> = {
    ...{
      der,
      'der with zeros': derOf(signature, 3),
      'der of another': derOf(ecdsa(attacker)(`${head}.${body}`)),
    },
    ...{ 'der with trailing data': Buffer.concat([der, Buffer.alloc(4, 1)]) },
    ...{ 'der in hexadecimal': Buffer.from(der.toString('hex')) },
    ...{ twice: Buffer.concat([signature, signature]), 's before r': Buffer.concat([s, r]) },
    ...{
      backwards: Buffer.from(signature).reverse(),
      hexadecimal: Buffer.from(signature.toString('hex')),
    },
    ...{ 'in base64 again': Buffer.from(signature.toString('base64url')) },
    ...{ 'each half with a zero': Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s]) },
    ...{ 'as a point': Buffer.concat([Buffer.from([4]), signature]) },
    ...{ zeros: Buffer.alloc(64), ones: Buffer.alloc(64, 255), 'many zeros': Buffer.alloc(4096) },
  };
  const all = Object.entries(others).map(([name, bytes]) => withSignature(genuine, name, bytes));
  for (let length = 0; length < 64; length++)
    all.push(withSignature(genuine, `its first ${length} bytes`, signature.subarray(0, length)));
  for (let more = 1; more <= 32; more++)
    for (const fill of [0, 255])
      all.push(
        withSignature(
          genuine,
          `${more} of ${fill} after it`,
          Buffer.concat([signature, Buffer.alloc(more, fill)]),
        ),
        withSignature(
          genuine,
          `${more} of ${fill} before it`,
          Buffer.concat([Buffer.alloc(more, fill), signature]),
        ),
      );
  return all;
}

/** One bit, at every place. */
export function flippedBits(genuine: Genuine): Forgery[] {
  return Array.from({ length: 512 }, (_, bit) => {
    const flipped = Buffer.from(genuine.signature);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    return withSignature(genuine, `bit ${bit} is another`, flipped);
  });
}
