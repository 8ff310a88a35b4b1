/** Claims that nobody signed: changed, of another type, said twice, too long, too deep, no text at all. */
import {
  bySigners,
  encodeText,
  join,
  assemble,
  type Forgery,
  type Genuine,
  type Members,
} from './genuine.js';

/** What an attacker would like to be, and what a reader of claims may stumble over (S84 to S86). */
export function changedClaims(genuine: Genuine): Forgery[] {
  const { header, claims } = genuine;
  const odd = [null, undefined, true, '', '0', 0, -1, 1.5, 1e308, [], {}, 9_999_999_999];
  const names = [
    'iss',
    'aud',
    'sub',
    'client_id',
    'exp',
    'nbf',
    'iat',
    'jti',
    'amr',
    'acr',
    'auth_time',
  ];
  const changes: Members[] = [
    ...names.flatMap((name) => odd.map((value) => ({ [name]: value }))),
    ...names.map((name) => ({ [name]: [claims[name]] })),
    ...names.map((name) => ({ [name]: { value: claims[name] } })),
    ...[
      { sub: 'mallory' },
      { sub: '*' },
      { acr: 'aal9' },
      { amr: ['hwk'] },
      { scope: 'admin' },
      { x: 1 },
    ],
    ...[
      { iss: 'https://evil.example' },
      { iss: `${String(claims['iss'])}/` },
      { iss: `${String(claims['iss'])}.evil` },
    ],
    ...[
      { aud: 'other' },
      { aud: '*' },
      { aud: [claims['aud'], 'other'] },
      { aud: [[claims['aud']]] },
    ],
    ...[
      { exp: '9999999999' },
      { exp: 'never' },
      { nbf: 'now' },
      { iat: '2030-01-01' },
      { cnf: {} },
    ],
  ];
  return changes
    .flatMap((change) =>
      bySigners(genuine).map(([how, signer]) => ({
        name: `claims ${JSON.stringify(change)} ${how}`,
        token: assemble(header, { ...claims, ...change }, signer),
      })),
    )
    .filter(({ token }) => token !== genuine.token);
}

/** The same name twice, of which readers take the first or the last. */
export function twiceSaidClaims(genuine: Genuine): Forgery[] {
  const said = JSON.stringify(genuine.claims).slice(1, -1);
  const more = [
    ...[
      '"sub":"mallory"',
      '"\\u0073ub":"mallory"',
      '"aud":"other"',
      '"aud":[]',
      '"iss":"https://evil.example"',
    ],
    ...[
      '"exp":9999999999',
      '"exp":1e999',
      '"nbf":0',
      '"acr":"aal3"',
      '"amr":["hwk"]',
      '"client_id":"other"',
    ],
    ...[
      '"__proto__":{"sub":"mallory"}',
      '"constructor":{"prototype":{"sub":"mallory"}}',
      '"sub":"x","sub":"y"',
    ],
  ];
  const texts = [
    ...more.flatMap((member) => [`{${said},${member}}`, `{${member},${said}}`]),
    ...[
      `{${said},}`,
      `{${said}}x`,
      `{${said}}{${said}}`,
      `[{${said}}]`,
      `{${said}`,
      said,
      'null',
      '[]',
      '{}',
      '',
    ],
    ...[
      `\ufeff{${said}}`,
      `{${said}}\u0000`,
      ` {${said}}`,
      `/**/{${said}}`,
      '"x"',
      '7',
      'NaN',
      'true',
    ],
  ];
  return texts.flatMap((text) =>
    bySigners(genuine).map(([how, signer]) => ({
      name: `claims ${text.slice(-40)} ${how}`,
      token: join(genuine.head, encodeText(text), signer),
    })),
  );
}

/** What costs memory, stack or patience to read; the last ones are more than any header or body may be. */
export function heavyClaims(genuine: Genuine): Forgery[] {
  const { head, claims, header, body } = genuine;
  const nested = (depth: number, open = '[', close = ']') =>
    open.repeat(depth) + close.repeat(depth);
  const padded = (more: string) => `${JSON.stringify(claims).slice(0, -1)},"x":${more}}`;
  const texts: Record<string, string> = {
    ...{ 'nested 1,000 deep': padded(nested(1000)), 'nested 5,000 deep': padded(nested(5000)) },
    ...{ 'objects in objects': padded(nested(1000, '{"x":', '}').replace(':}', ':0}')) },
    ...{
      'a long text': padded(`"${'x'.repeat(8000)}"`),
      'many members': padded(`{${'"x":0,'.repeat(1000)}"y":0}`),
    },
    ...{
      'a long number': padded('9'.repeat(5000)),
      'a long exponent': padded(`1e${'9'.repeat(5000)}`),
    },
    ...{
      'nested 20,000 deep': padded(nested(20_000)),
      'a longer text': padded(`"${'x'.repeat(20_000)}"`),
    },
  };
  const inHeader = JSON.stringify({ ...header, x: 'x'.repeat(8000) });
  return bySigners(genuine).flatMap(([how, signer]) => [
    ...Object.entries(texts).map(([name, text]) => ({
      name: `${name} ${how}`,
      token: join(head, encodeText(text), signer),
    })),
    { name: `a long header ${how}`, token: join(encodeText(inHeader), body, signer) },
    { name: `a deep header ${how}`, token: join(encodeText(nested(5000)), body, signer) },
  ]);
}

/** Bytes that are no UTF-8, and text that is no Unicode. */
export function unreadable(genuine: Genuine): Forgery[] {
  const { head, body } = genuine;
  const bytes: Record<string, number[]> = {
    ...{
      'a lone continuation': [0x80],
      'a cut sequence': [0xe2, 0x82],
      'overlong slash': [0xc0, 0xaf],
    },
    ...{
      'overlong NUL': [0xc0, 0x80],
      'a surrogate': [0xed, 0xa0, 0x80],
      'beyond Unicode': [0xf4, 0x90, 0x80, 0x80],
    },
    ...{ 'UTF-16': [0xff, 0xfe, 0x7b, 0], ones: [0xff, 0xff] },
  };
  return Object.entries(bytes).flatMap(([name, added]) =>
    bySigners(genuine).flatMap(([how, signer]) => {
      const spoiled = (part: string, at: number) => {
        const whole = Buffer.from(part, 'base64url');
        const place = at < 0 ? whole.length + at : at;
        return encodeText(
          Buffer.concat([whole.subarray(0, place), Buffer.from(added), whole.subarray(place)]),
        );
      };
      return [
        { name: `${name} in the claims ${how}`, token: join(head, spoiled(body, -2), signer) },
        { name: `${name} before the claims ${how}`, token: join(head, spoiled(body, 0), signer) },
        { name: `${name} in the header ${how}`, token: join(spoiled(head, -2), body, signer) },
      ];
    }),
  );
}
