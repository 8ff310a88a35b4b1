/** A corpus of forged tokens: what is made of one genuine token and the public keys, without the private one. */
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

type Members = Record<string, unknown>;
type Signer = (input: string) => Buffer;
export type Forgery = readonly [name: string, token: string];

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString()) as Members;
const assemble = (header: Members, claims: unknown, signer: Signer) => {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(input).toString('base64url')}`;
};

const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
const larger = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const edwards = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

const ecdsa =
  (key: KeyObject, hash = 'sha256'): Signer =>
  (input) =>
    sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
const es256 = ecdsa(attacker.privateKey);
const nothing: Signer = () => Buffer.alloc(0);

/** Every upper and lower case of a word. */
function cases(word: string): string[] {
  return Array.from({ length: 2 ** word.length }, (_, bits) =>
    Array.from(word, (letter, n) => (bits & (1 << n) ? letter.toUpperCase() : letter)).join(''),
  );
}

function withoutSignature({ header, claims, signature }: Genuine): Forgery[] {
  const algorithms = [...cases('none'), '', ' none', 'none ', null, undefined, 0, [], ['ES256']];
  return algorithms.flatMap((alg) =>
    [nothing, es256, () => signature].map((signer, n): Forgery => [
      `alg ${JSON.stringify(alg)} ${n}`,
      assemble({ ...header, alg }, { ...claims, sub: n < 2 ? claims['sub'] : 'x' }, signer),
    ]),
  );
}

/** HS256 with the public key in every form that it is published or kept in. */
function keyConfusion({ header, claims, jwk }: Genuine): Forgery[] {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const pem = key.export({ format: 'pem', type: 'spki' }).toString();
  const [x, y] = [jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url'));
  const forms: Record<string, Buffer | string> = {
    pem,
    'pem without its last line feed': pem.trimEnd(),
    'pem with CRLF': pem.replaceAll('\n', '\r\n'),
    'pem in one line': pem.replace(/-----[^-]+-----|\n/g, ''),
    der: key.export({ format: 'der', type: 'spki' }),
    jwk: JSON.stringify(jwk),
    'jwk as Node writes it': JSON.stringify(key.export({ format: 'jwk' })),
    jwks: JSON.stringify({ keys: [jwk] }),
    'raw point': Buffer.concat([Buffer.from([4]), x ?? Buffer.alloc(0), y ?? Buffer.alloc(0)]),
    x: x ?? '',
    'x in base64': jwk.x ?? '',
    kid: String(header['kid']),
    issuer: String(claims['iss']),
    nothing: '',
    'zero bytes': Buffer.alloc(32),
  };
  return Object.entries(forms).flatMap(([form, secret]) =>
    ['256', '384', '512'].flatMap((bits) =>
      [`HS${bits}`, 'ES256'].map((alg): Forgery => [
        `HMAC ${bits} with ${form}, saying ${alg}`,
        assemble({ ...header, alg }, claims, (input) =>
          createHmac(`sha${bits}`, secret).update(input).digest(),
        ),
      ]),
    ),
  );
}

/** A signature that is good for a key the token brings along. */
function broughtKeys({ header, claims }: Genuine): Forgery[] {
  const jwk = attacker.publicKey.export({ format: 'jwk' });
  const der = attacker.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const brought: Members[] = [
    {},
    { jwk },
    { jwk: { ...jwk, kid: header['kid'] } },
    { jku: 'https://evil.example/jwks.json' },
    { jku: `${String(claims['iss'])}@evil.example/jwks.json` },
    { x5u: 'https://evil.example/cert.pem' },
    { x5c: [der] },
    { x5t: 'AA', 'x5t#S256': 'AA' },
    { crit: ['exp'] },
    { b64: false, crit: ['b64'] },
    { zip: 'DEF' },
  ];
  const kids = [
    ...[header['kid'], 'mine', '', undefined, null, 7, {}, [header['kid']], '__proto__'],
    ...['constructor', '../../etc/passwd', "' OR 1=1 --", `${String(header['kid'])}\u0000`],
  ];
  return brought.flatMap((members) =>
    kids.map((kid): Forgery => [
      `brings ${Object.keys(members).join()} with kid ${JSON.stringify(kid)}`,
      assemble({ ...header, ...members, kid }, claims, es256),
    ]),
  );
}

function otherAlgorithms({ header, claims }: Genuine): Forgery[] {
  const signers: Record<string, Signer> = {
    ES256: es256,
    ES256K: ecdsa(otherCurve.privateKey),
    ES384: ecdsa(larger.privateKey, 'sha384'),
    RS256: (input) => sign('sha256', Buffer.from(input), rsa.privateKey),
    EdDSA: (input) => sign(null, Buffer.from(input), edwards.privateKey),
  };
  return Object.entries(signers).flatMap(([made, signer]) =>
    ['ES256', 'es256', 'ES256K', 'ES384', 'RS256', 'PS256', 'EdDSA'].map((said): Forgery => [
      `${made} saying ${said}`,
      assemble({ ...header, alg: said }, claims, signer),
    ]),
  );
}

function derOf(p1363: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const padded = (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
    return Buffer.concat([Buffer.from([2, padded.length]), padded]);
  };
  const both = Buffer.concat([integer(p1363.subarray(0, 32)), integer(p1363.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}

function brokenSignatures({ head, body, signature }: Genuine): Forgery[] {
  const order = Buffer.from(
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    'hex',
  );
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  const [zero, one] = [Buffer.alloc(32), Buffer.alloc(32).fill(1, 31)];
  const pairs = { zero, one, order, r, s, ones: Buffer.alloc(32, 255) };
  const all: Forgery[] = Object.entries(pairs).flatMap(([nameR, first]) =>
    Object.entries(pairs)
      .filter(([nameS]) => !(nameR === 'r' && nameS === 's'))
      .map(([nameS, second]): Forgery => [
        `signature ${nameR}, ${nameS}`,
        `${head}.${body}.${Buffer.concat([first, second]).toString('base64url')}`,
      ]),
  );
  const others = {
    der: derOf(signature),
    twice: Buffer.concat([signature, signature]),
    'a byte more': Buffer.concat([signature, Buffer.alloc(1)]),
    'a byte before': Buffer.concat([Buffer.alloc(1), signature]),
    'a byte less': signature.subarray(0, 63),
    'half of it': r,
    hexadecimal: Buffer.from(signature.toString('hex')),
  };
  for (const [name, bytes] of Object.entries(others))
    all.push([`signature: ${name}`, `${head}.${body}.${bytes.toString('base64url')}`]);
  for (let bit = 0; bit < 512; bit += 5) {
    const flipped = Buffer.from(signature);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    all.push([`bit ${bit} of the signature`, `${head}.${body}.${flipped.toString('base64url')}`]);
  }
  return all;
}

function edited({ head, body, header, claims, signature }: Genuine): Forgery[] {
  const kept = signature.toString('base64url');
  const changes: Members[] = [
    ...[{ sub: 'mallory' }, { acr: 'aal9' }, { amr: ['hwk'] }, { iss: 'https://evil.example' }],
    ...[{ exp: 9_999_999_999 }, { auth_time: 9_999_999_999 }, { nbf: 0 }, { iat: 0 }],
    ...[{ aud: 'other' }, { aud: [claims['aud'], 'other'] }, { client_id: 'other' }, { x: 1 }],
  ];
  const all = changes.map((change): Forgery => [
    `claims changed: ${JSON.stringify(change)}`,
    `${head}.${encode({ ...claims, ...change })}.${kept}`,
  ]);
  for (const change of [{ typ: 'JWT' }, { cty: 'JWT' }, { kid: 'x' }, { alg: 'none' }])
    all.push([
      `header changed: ${JSON.stringify(change)}`,
      `${encode({ ...header, ...change })}.${body}.${kept}`,
    ]);
  const signed = `${head}.${body}`;
  for (let at = 0; at < signed.length; at += 3) {
    if (signed[at] === '.') continue;
    const other = signed[at] === 'A' ? 'B' : 'A';
    all.push([
      `character ${at} changed`,
      `${signed.slice(0, at)}${other}${signed.slice(at + 1)}.${kept}`,
    ]);
  }
  return all;
}

function otherShapes({ head, body, token, signature }: Genuine): Forgery[] {
  const kept = signature.toString('base64url');
  const json = { payload: body, protected: head, signature: kept };
  const shapes = [
    ...['', '.', '..', '...', 'a.b.c', 'null', '{}', `${head}.${body}`, `${head}.${body}.`],
    ...[`${head}..${kept}`, `.${body}.${kept}`, `${token}.`, `${token}.${kept}`, `.${token}`],
    ...[` ${token}`, `${token}=`, `${token}\u0000`, `Bearer ${token}`],
    ...[JSON.stringify(json), JSON.stringify({ payload: body, signatures: [json] })],
    `${head}.${body}.${kept}!`,
    ...[`${token}.e30.e30`, token.slice(0, -3), token.toUpperCase(), `${head}=.${body}=.${kept}`],
  ];
  return shapes.map((shape, n): Forgery => [`shape ${n}: ${shape.slice(0, 12)}…`, shape]);
}

interface Genuine {
  readonly token: string;
  readonly head: string;
  readonly body: string;
  readonly signature: Buffer;
  readonly header: Members;
  readonly claims: Members;
  readonly jwk: JsonWebKey;
}

/**
 * @param token a genuine token
 * @param jwk the published key that it was signed with
 */
export function forgedTokens(token: string, jwk: JsonWebKey): readonly Forgery[] {
  const [head = '', body = '', last = ''] = token.split('.');
  const signature = Buffer.from(last, 'base64url');
  const [header, claims] = [decode(head), decode(body)];
  const genuine = { token, head, body, signature, header, claims, jwk };
  return [
    withoutSignature,
    keyConfusion,
    broughtKeys,
    otherAlgorithms,
    brokenSignatures,
    edited,
    otherShapes,
  ].flatMap((make) => make(genuine));
}
