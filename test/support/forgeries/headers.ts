/** Headers that would choose the algorithm, the key, or the rules. */
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  assemble,
  bySigners,
  casesOf,
  ecdsa,
  encode,
  encodeText,
  join,
  nothing,
  type Forgery,
  type Genuine,
  type Members,
  type Signer,
} from './genuine.js';

/** RFC 7519 section 6: "none", in every spelling, and everything else that is no algorithm. */
export function withoutSignature(genuine: Genuine): Forgery[] {
  const { header, claims, signature, attacker } = genuine;
  const algorithms = [
    ...casesOf('none'),
    ...['', ' none', 'none ', 'none\u0000', 'ｎｏｎｅ', 'nоne', 'null', 'undefined', 'false', '0'],
    ...[null, undefined, 0, false, [], {}, ['ES256'], ['none'], { alg: 'ES256' }],
  ];
  const signers: [string, Signer][] = [
    ['unsigned', nothing],
    ['signed by another', ecdsa(attacker)],
    ['with the old signature', () => signature],
    ['with a zero byte', () => Buffer.alloc(1)],
  ];
  return algorithms.flatMap((alg) =>
    signers.map(([how, signer], n) => ({
      name: `alg ${JSON.stringify(alg)} ${how}`,
      token: assemble({ ...header, alg }, { ...claims, sub: n < 2 ? claims['sub'] : 'x' }, signer),
    })),
  );
}

/** HMAC with the public key in every form that it is published or kept in (S81). */
export function keyConfusion({ header, claims, jwk }: Genuine): Forgery[] {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const pem = key.export({ format: 'pem', type: 'spki' }).toString();
  const der = key.export({ format: 'der', type: 'spki' });
  const [x, y] = [jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url'));
  const nodes = key.export({ format: 'jwk' });
  const forms: Record<string, Buffer | string> = {
    pem,
    'pem without its last line feed': pem.trimEnd(),
    'pem with two': `${pem}\n`,
    'pem with CRLF': pem.replaceAll('\n', '\r\n'),
    'pem in one line': pem.replace(/-----[^-]+-----|\n/g, ''),
    'pem with written line feeds': pem.replaceAll('\n', '\\n'),
    der,
    'der in base64': der.toString('base64'),
    'der in hexadecimal': der.toString('hex'),
    jwk: JSON.stringify(jwk),
    'jwk with blanks': JSON.stringify(jwk, null, 2),
    'jwk as Node writes it': JSON.stringify(nodes),
    'jwk as its thumbprint has it': JSON.stringify({
      crv: jwk.crv,
      kty: jwk.kty,
      x: jwk.x,
      y: jwk.y,
    }),
    jwks: JSON.stringify({ keys: [jwk] }),
    'raw point': Buffer.concat([Buffer.from([4]), x ?? Buffer.alloc(0), y ?? Buffer.alloc(0)]),
    'x and y': Buffer.concat([x ?? Buffer.alloc(0), y ?? Buffer.alloc(0)]),
    x: x ?? '',
    'x in base64': jwk.x ?? '',
    kid: String(header['kid']),
    issuer: String(claims['iss']),
    nothing: '',
    'zero bytes': Buffer.alloc(32),
  };
  return Object.entries(forms).flatMap(([form, secret]) =>
    ['256', '384', '512'].flatMap((bits) =>
      [`HS${bits}`, 'ES256'].map((alg) => ({
        name: `HMAC ${bits} with ${form}, saying ${alg}`,
        token: assemble({ ...header, alg }, claims, (input) =>
          createHmac(`sha${bits}`, secret).update(input).digest(),
        ),
      })),
    ),
  );
}

/** A signature that is good for a key the token brings along, or says where to find (S82). */
export function broughtKeys(genuine: Genuine): Forgery[] {
  const { header, claims, attacker } = genuine;
  const publicKey = createPublicKey(attacker);
  const jwk = publicKey.export({ format: 'jwk' });
  const der = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const url = `data:application/json,${encodeURIComponent(JSON.stringify({ keys: [jwk] }))}`;
  const brought: Members[] = [
    ...[{}, { jwk }, { jwk: { ...jwk, kid: header['kid'] } }, { jwk: JSON.stringify(jwk) }],
    ...[{ jwk: genuine.jwk }, { jwks: { keys: [jwk] } }, { key: jwk }, { jku: url }],
    { jku: 'https://evil.example/jwks.json' },
    { jku: `${String(claims['iss'])}@evil.example/jwks.json` },
    { jku: `${String(claims['iss'])}/.well-known/jwks.json` },
    ...[
      { jku: 'file:///etc/passwd' },
      { jku: '//evil.example' },
      { jku: 'http://169.254.169.254/' },
    ],
    ...[{ x5u: 'https://evil.example/cert.pem' }, { x5u: url }, { x5c: [der] }, { x5c: der }],
    ...[{ x5t: 'AA', 'x5t#S256': 'AA' }, { iss: 'https://evil.example' }, { epk: jwk }],
  ];
  const kids = [header['kid'], 'mine', '', undefined, createThumbprint(jwk)];
  return brought.flatMap((members) =>
    kids.map((kid) => ({
      name: `brings ${JSON.stringify(members).slice(0, 60)} with kid ${JSON.stringify(kid)}`,
      token: assemble({ ...header, ...members, kid }, claims, ecdsa(attacker)),
    })),
  );
}

function createThumbprint({
  crv,
  kty,
  x,
  y,
}: {
  crv?: string;
  kty?: string;
  x?: string;
  y?: string;
}) {
  return encodeText(JSON.stringify({ crv, kty, x, y })).slice(0, 43);
}

/** Key ids that are paths, statements, addresses, commands, or no text (S82). */
export function oddKeyIds(genuine: Genuine): Forgery[] {
  const { header, claims, attacker } = genuine;
  const own = String(header['kid']);
  const kids: unknown[] = [
    ...[
      '../../etc/passwd',
      '../../../../../../dev/null',
      '/dev/null',
      '/proc/self/environ',
      'C:\\nul',
    ],
    ...["' OR 1=1 --", "' UNION SELECT 'AA", "x'; DROP TABLE signing_keys; --", '%', '_', '*'],
    ...['https://evil.example/jwks.json', 'file:///dev/null', '//evil.example', '${jndi:ldap://x}'],
    ...['$(id)', '`id`', '| id', '{{7*7}}', '<script>', '%00', '%2e%2e%2f', '\r\nX: y', '\u0000'],
    ...[`${own}\u0000`, `${own} `, ` ${own}`, own.toLowerCase(), own.toUpperCase(), own.slice(1)],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', 'undefined', 'null', 'true'],
    ...[null, 0, 1, -1, true, false, {}, [], [own], { kid: own }, { $ne: null }, 1e308],
    ...['x'.repeat(4096), '\ud800', '😀'],
  ];
  const signers: [string, Signer][] = [
    ['signed by another', ecdsa(attacker)],
    // What a file that is empty would be as a shared secret.
    ['HMAC with nothing', (input) => createHmac('sha256', '').update(input).digest()],
  ];
  return kids.flatMap((kid) =>
    signers.flatMap(([how, signer], n) => ({
      name: `kid ${JSON.stringify(kid).slice(0, 40)} ${how}`,
      token: assemble({ ...header, alg: n === 0 ? 'ES256' : 'HS256', kid }, claims, signer),
    })),
  );
}

const otherCurve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
const larger = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const edwards = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Signatures of other algorithms, each saying to be every other (S81). */
export function otherAlgorithms({ header, claims, attacker }: Genuine): Forgery[] {
  const signers: Record<string, Signer> = {
    ES256: ecdsa(attacker),
    ES256K: ecdsa(otherCurve.privateKey),
    ES384: ecdsa(larger.privateKey, 'sha384'),
    RS256: (input) => sign('sha256', Buffer.from(input), rsa.privateKey),
    EdDSA: (input) => sign(null, Buffer.from(input), edwards.privateKey),
  };
  const said = [
    ...['ES256', 'es256', 'ES256 ', 'ES256K', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'],
    ...['Ed25519', 'ECDH-ES', 'dir', 'A256GCM', 'PBES2-HS256+A128KW', 'ML-DSA-44'],
  ];
  return Object.entries(signers).flatMap(([made, signer]) =>
    said.map((alg) => ({
      name: `${made} saying ${alg}`,
      token: assemble({ ...header, alg }, claims, signer),
    })),
  );
}

/** Another kind of token, and headers that ask for other rules (S83, RFC 7515 section 4.1.11, RFC 7797). */
export function otherHeaders(genuine: Genuine): Forgery[] {
  const { header, claims, body, signature } = genuine;
  const types = [
    ...[
      'JWT',
      'jwt',
      'AT+JWT',
      'at+JWT',
      'application/at+jwt',
      'at+jwt ',
      'at+jwt;x=1',
      'client+jwt',
    ],
    ...[
      'logout+jwt',
      'dpop+jwt',
      'secevent+jwt',
      'JOSE',
      'none',
      '',
      null,
      0,
      [],
      ['at+jwt'],
      undefined,
    ],
  ];
  const changes: Members[] = [
    ...types.map((typ) => ({ typ })),
    ...[{ cty: 'JWT' }, { zip: 'DEF' }, { enc: 'A256GCM' }, { nonce: 'x' }, { exp: 9_999_999_999 }],
    ...[
      { crit: ['exp'] },
      { crit: [] },
      { crit: ['b64'] },
      { crit: 'exp' },
      { crit: ['alg', 'kid'] },
    ],
    ...[
      { b64: false },
      { b64: true },
      { b64: false, crit: ['b64'] },
      { b64: 'false' },
      { b64: null },
    ],
    ...[{ crit: null }, { crit: ['x'], x: 1 }, { crit: ['__proto__'] }],
  ];
  const changed = changes.flatMap((change) =>
    bySigners(genuine).map(([how, signer]) => ({
      name: `header ${JSON.stringify(change)} ${how}`,
      token: assemble({ ...header, ...change }, claims, signer),
    })),
  );
  const unencoded = encode({ ...header, b64: false, crit: ['b64'] });
  const kept = signature.toString('base64url');
  return [
    ...changed,
    { name: 'b64 false and nothing between', token: `${unencoded}..${kept}` },
    { name: 'b64 false and JSON between', token: `${unencoded}.${JSON.stringify(claims)}.${kept}` },
    { name: 'the body for a header', token: `${body}.${body}.${kept}` },
    { name: 'the header for a body', token: `${genuine.head}.${genuine.head}.${kept}` },
  ];
}

/** JSON that two readers read in two ways. */
export function twiceSaidHeaders(genuine: Genuine): Forgery[] {
  const { header, body } = genuine;
  const said = JSON.stringify(header).slice(1, -1);
  const jwk = JSON.stringify(genuine.jwk);
  const more = [
    ...['"alg":"none"', '"alg":"HS256"', '"alg":null', '"\\u0061lg":"none"', '"ALG":"none"'],
    ...['"kid":"x"', '"kid":null', '"typ":"JWT"', `"jwk":${jwk}`, '"crit":["b64"],"b64":false'],
    ...['"__proto__":{"alg":"none"}', '"constructor":{"prototype":{"alg":"none"}}'],
  ];
  const texts = [
    ...more.flatMap((member) => [`{${said},${member}}`, `{${member},${said}}`]),
    ...[`{${said},}`, `{${said}}x`, `{${said}}{${said}}`, `[{${said}}]`, `"{}"`, `{${said}`, said],
    ...[`\ufeff{${said}}`, `{${said}}\u0000`, ` {${said}}`, `{${said}} `, `/**/{${said}}`],
    ...[`{'alg':'ES256'}`, 'null', 'true', '0', '""', '[]', '{}', ''],
  ];
  return texts.flatMap((text) =>
    bySigners(genuine).map(([how, signer]) => ({
      name: `header ${text.slice(-40)} ${how}`,
      token: join(encodeText(text), body, signer),
    })),
  );
}
