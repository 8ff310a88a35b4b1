import { commands } from './commands.js';
import { Command, Step, type StepProps } from './parts.js';

const meanings: Readonly<Record<string, string>> = {
  alg: 'how it is signed: ECDSA on P-256 with SHA-256',
  typ: 'what it is: an access token (RFC 9068)',
  kid: 'which key of the JWKS signed it',
  iss: 'who signed it',
  aud: 'for whom',
  sub: 'the user',
  client_id: 'the application that asked',
  iat: 'signed at',
  nbf: 'good from',
  exp: 'good until',
  jti: 'the name of this token',
  amr: 'how it was proved',
  acr: 'how strong that is',
  auth_time: 'proved at',
  factor_type: 'by which kind of factor',
  sid: 'its session',
  txn_hash: 'what was confirmed',
};
const times = new Set(['iat', 'nbf', 'exp', 'auth_time']);

/** The latest token, taken apart; scripts/token.js checks it in the browser. */
export function TokenStep({ view: { token }, asking }: StepProps) {
  return (
    <Step id="token" title="See what your services get">
      {token === undefined ? (
        <p class="quiet">The signed token of your login appears here.</p>
      ) : (
        <>
          <p>
            A JWT: three parts with dots between. Any service can check it by the public keys,
            without asking Watchword.
          </p>
          <Letters token={token.text} />
          <p class="checked" id="checked" role="status" />
          <p class="row" id="tampering" hidden>
            <button type="button" class="button small" id="tamper">
              Change a letter
            </button>
            <button type="button" class="link" id="restore" disabled>
              Put it back
            </button>
          </p>
          <noscript>
            <p>
              To check the signature here, the browser needs JavaScript. This is what the service
              itself says of the token, by introspection:
            </p>
            <pre class="introspected" tabIndex={0} aria-label="Introspection">
              <code>{token.introspected}</code>
            </pre>
          </noscript>
          <div class="columns">
            <Claims name="Header" kind="head" part={token.text.split('.')[0] ?? ''} />
            <Claims name="Payload" kind="body" part={token.text.split('.')[1] ?? ''} />
          </div>
          <p class="sign">
            <b>Signature</b> over the two, by the private key, which never leaves Watchword.
          </p>
          <div class="columns">
            <Command what="The public keys" text={commands.jwks(asking)} />
            <Command
              what="Or ask whether it is still good"
              text={commands.introspect(asking, token.text)}
            />
          </div>
        </>
      )}
    </Step>
  );
}

function Letters({ token }: { readonly token: string }) {
  const [head, body, sign] = token.split('.');
  return (
    <p class="token" id="jwt" dir="ltr" translate={false} spellcheck={false}>
      <span class="head">{head}</span>.<span class="body">{body}</span>.
      <span class="sign">{sign}</span>
    </p>
  );
}

interface ClaimsProps {
  readonly name: string;
  readonly kind: string;
  /** JSON in base64url. */
  readonly part: string;
}

function Claims({ name, kind, part }: ClaimsProps) {
  const claims = JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return (
    <section class={`claims ${kind}`}>
      <h3>{name}</h3>
      <dl>
        {Object.entries(claims).map(([claim, value]) => (
          <div key={claim}>
            <dt>
              <code>{claim}</code> <span class="quiet">{meanings[claim]}</span>
            </dt>
            <dd>
              <code>{JSON.stringify(value)}</code>
              {times.has(claim) && (
                <span class="quiet">
                  {' '}
                  {new Date(Number(value) * 1000).toISOString().slice(11, 19)} UTC
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
