/** The steps of the page by curl, to paste as they are, for any POSIX shell. */
export interface Asking {
  /** Where the service answers. */
  readonly origin: string;
  readonly key: string;
}

const CODE = `printf 'Code: '; read -r CODE\n`;

/** @param body JSON; a `$CODE` in it is filled in by the shell */
function post({ origin, key }: Asking, path: string, body: string): string {
  const quoted = body.includes('$CODE') ? `"${body.replace(/"/g, '\\"')}"` : `'${body}'`;
  return `curl -s ${origin}${path} \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d ${quoted}`;
}

export const commands = {
  enrol: (asking: Asking, userId: string) =>
    post(asking, `/v1/users/${userId}/factors`, '{"type":"totp"}'),
  activate: (asking: Asking, factorId: string) =>
    CODE + post(asking, `/v1/factors/${factorId}/activate`, '{"code":"$CODE"}'),
  verify: (asking: Asking, userId: string) =>
    CODE + post(asking, `/v1/users/${userId}/verify`, '{"code":"$CODE","first_factor":["pwd"]}'),
  jwks: ({ origin }: Asking) => `curl -s ${origin}/.well-known/jwks.json`,
  introspect: (asking: Asking, token: string) =>
    post(asking, '/v1/tokens/introspect', `{"token":"${token}"}`),
  send: (asking: Asking, phone: string) =>
    post(asking, '/v1/challenges', `{"type":"phone","phone":"${phone}","purpose":"login"}`),
  inbox: ({ origin }: Asking) => `curl -s ${origin}/dev/inbox`,
  sms: (asking: Asking, challengeId: string) =>
    CODE + post(asking, `/v1/challenges/${challengeId}/verify`, '{"code":"$CODE"}'),
};
