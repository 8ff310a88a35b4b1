/**
 * What a first start prints: the key, the page to try it on, and a whole login as three lines that can be
 * pasted as they are.
 *
 * @param url where the service answers
 * @param key the first application's API key
 * @param has whether codes to phones lie in the inbox, and whether there is a page to try it on
 */
export function welcome(
  url: string,
  key: string,
  has: { readonly inbox: boolean; readonly page: boolean },
): string {
  const curl = `curl -s -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json'`;
  const inbox = has.inbox ? `      Codes to phones: ${url}/dev/inbox` : '';
  const page = has.page ? ` in a browser: ${url}/\n\n  Or here` : '';
  const readCode = `printf 'Code from the app: '; read -r CODE`;
  return `
  Watchword runs, with a first application. Its API key, shown this once:

    ${key}

  Try it${page}, a line at a time:

  1. Enrol: scan the QR code with an authenticator app.
FACTOR=$(${curl} ${url}/v1/users/alice/factors -d '{"type":"totp"}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); ${curl} ${url}/v1/factors/$FACTOR/qr.txt

  2. Activate: type the code it shows.
${readCode}; ${curl} ${url}/v1/factors/$FACTOR/activate -d "{\\"code\\":\\"$CODE\\"}"

  3. Verify: type the next code, and get a signed JWT.
${readCode}; ${curl} ${url}/v1/users/alice/verify -d "{\\"code\\":\\"$CODE\\"}"

  The API: ${url}/docs      Ready: ${url}/health/ready${inbox}

`;
}
