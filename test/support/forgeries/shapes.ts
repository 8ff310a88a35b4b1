/** Other spellings, other shapes: what is nearly the token, or the token with something about it. */
import { encode, type Forgery, type Genuine } from './genuine.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Another character, at every second place that is signed. */
export function changedCharacters({ head, body, signature }: Genuine): Forgery[] {
  const signed = `${head}.${body}`;
  const all: Forgery[] = [];
  for (let at = 0; at < signed.length; at += 2) {
    if (signed[at] === '.') continue;
    const other = signed[at] === 'A' ? 'B' : 'A';
    const changed = `${signed.slice(0, at)}${other}${signed.slice(at + 1)}`;
    all.push({
      name: `character ${at} is another`,
      token: `${changed}.${signature.toString('base64url')}`,
    });
  }
  return all;
}

/**
 * The same bytes in other letters: blanks, padding, the other alphabet, bits that do not count. Who takes
 * these has many tokens where one was revoked.
 */
export function respelled({ token, head, body, signature }: Genuine): Forgery[] {
  const kept = signature.toString('base64url');
  const places = [0, 1, head.length, head.length + 1, head.length + 40, token.length - kept.length];
  const signs = [
    ' ',
    '\n',
    '\r\n',
    '\t',
    '=',
    '==',
    '\u0000',
    '\u00a0',
    '\u200b',
    '.',
    '%',
    '+',
    '/',
    ',',
    ';',
  ];
  const inserted = [...places, token.length - 20, token.length - 1, token.length].flatMap((at) =>
    signs.map((sign) => ({
      name: `${JSON.stringify(sign)} at ${at}`,
      token: token.slice(0, at) + sign + token.slice(at),
    })),
  );
  const lastBits = [
    { part: head, rest: (part: string) => `${part}.${body}.${kept}` },
    { part: body, rest: (part: string) => `${head}.${part}.${kept}` },
    { part: kept, rest: (part: string) => `${head}.${body}.${part}` },
  ].flatMap(({ part, rest }) =>
    // Of the last character two or four bits count for nothing.
    Array.from(ALPHABET, (last) => rest(part.slice(0, -1) + last)).map((spelling, n) => ({
      name: `last character ${n} of ${part.slice(0, 6)}…`,
      token: spelling,
    })),
  );
  const standard = (part: string) => part.replaceAll('-', '+').replaceAll('_', '/');
  const others = {
    'the other alphabet': standard(token),
    'the other alphabet for the signature': `${head}.${body}.${standard(kept)}`,
    padded: [head, body, kept]
      .map((part) => part + '='.repeat((4 - (part.length % 4)) % 4))
      .join('.'),
    'percent-encoded dots': token.replaceAll('.', '%2E'),
    'percent-encoded letter': `%65${token.slice(1)}`,
    'upper case': token.toUpperCase(),
    'lower case': token.toLowerCase(),
    backwards: Array.from(token).reverse().join(''),
    hexadecimal: Buffer.from(token).toString('hex'),
    'in base64 again': Buffer.from(token).toString('base64url'),
    quoted: `"${token}"`,
    'in brackets': `<${token}>`,
    'full-width dots': token.replaceAll('.', '．'),
  };
  return [
    ...inserted,
    ...lastBits,
    ...Object.entries(others).map(([name, spelling]) => ({ name, token: spelling })),
  ].filter((forgery) => forgery.token !== token);
}

/** More parts and fewer, JSON, JWE, and words that stand before tokens (RFC 7515 section 7, RFC 7516). */
export function otherShapes({
  token,
  head,
  body,
  header,
  claims,
  signature,
  jwk,
}: Genuine): Forgery[] {
  const kept = signature.toString('base64url');
  const json = { payload: body, protected: head, signature: kept };
  const jwe = encode({ ...header, alg: 'dir', enc: 'A256GCM' });
  const agreed = encode({ alg: 'ECDH-ES', enc: 'A128GCM', epk: jwk, kid: header['kid'] });
  const shapes = [
    ...['', '.', '..', '...', '....', 'a.b.c', 'null', '{}', '[]', '0', 'undefined', 'true', '*'],
    ...[
      head,
      body,
      kept,
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}..${kept}`,
      `.${body}.${kept}`,
    ],
    ...[
      `${token}.`,
      `${token}..`,
      `${token}.${kept}`,
      `.${token}`,
      `..${token}`,
      `${head}.${token}`,
    ],
    ...[
      `${token}.e30.e30`,
      `${token},${token}`,
      `${token} ${token}`,
      `${token}\n${token}`,
      `${token}${token}`,
    ],
    ...[
      `${body}.${head}.${kept}`,
      `${kept}.${body}.${head}`,
      `${head}.${kept}.${body}`,
      `${head}.${head}.${kept}`,
    ],
    ...[
      `${token}?x=1`,
      `${token}#x`,
      `${token}&token=x`,
      `${token}~`,
      `${token}~${token}`,
      `DPoP ${token}`,
    ],
    ...[
      `Bearer ${token}`,
      `token=${token}`,
      token.slice(1),
      token.slice(0, -1),
      token.slice(0, -3),
      `${token}A`,
    ],
    ...[
      `${jwe}....`,
      `${jwe}..AAAA.${body}.${kept}`,
      `${agreed}..AAAA.${body}.${kept}`,
      `${jwe}.${kept}.AA.${body}.AA`,
    ],
    ...[
      JSON.stringify(json),
      JSON.stringify({ payload: body, signatures: [json] }),
      JSON.stringify([token]),
    ],
    ...[
      JSON.stringify({ token }),
      JSON.stringify({ ...json, header }),
      JSON.stringify(claims),
      JSON.stringify({ active: true, ...claims }),
    ],
  ];
  return shapes.map((shape, n) => ({ name: `shape ${n}: ${shape.slice(0, 16)}…`, token: shape }));
}

/** Of other kinds that this service gives out, and of none. */
export function otherSecrets({ claims }: Genuine): Forgery[] {
  const secrets = [
    ...[
      'ww_',
      `ww_${'A'.repeat(43)}`,
      'wwr_',
      `wwr_${'A'.repeat(91)}`,
      String(claims['jti']),
      String(claims['sid']),
    ],
    ...[
      String(claims['client_id']),
      String(claims['sub']),
      'A'.repeat(86),
      '0'.repeat(64),
      '../../etc/passwd',
    ],
    ...["' OR 1=1 --", '${7*7}', 'admin', 'token', 'x'.repeat(4096)],
  ];
  return secrets.map((token) => ({ name: `no token: ${token.slice(0, 20)}`, token }));
}
