/**
 * Identities of Ory Kratos with their TOTP credentials, as
 * `GET /admin/identities?include_credential=totp` answers them (also page by page, one answer a line), or one of
 * them. What an authenticator app holds is `credentials.totp.config.totp_url`, a key URI
 * (https://github.com/ory/kratos, selfservice/strategy/totp/credentials.go). Without `include_credential` the
 * answer has the credential and not its `config`.
 *
 * The user is the identity's `id`, or another member by its path, such as `traits.email`.
 */
import { listAt, memberAt, readJson, textOfMember } from './json.js';
import { keyUriEntry } from './key-uri-text.js';
import { entryOf, RowError, TokenFileError, type TokenFileFormat } from './token-file.js';

export const kratos: TokenFileFormat = {
  looksLike: (text) =>
    /^\ufeff?\s*[[{]/.test(text) && /"(?:totp_url|schema_id|schema_url)"\s*:/.test(text),

  *read(text, { userField = 'id' }) {
    const identities = identitiesOf(readJson(text));
    for (const [index, identity] of identities.entries()) {
      const credential = memberAt(identity, 'credentials', 'totp');
      if (credential === undefined || credential === null) continue;
      const user = textOfMember(identity, ...userField.split('.')) ?? null;
      const uri = textOfMember(credential, 'config', 'totp_url');
      if (uri !== undefined) yield keyUriEntry(index + 1, uri, { user });
      else
        yield entryOf(index + 1, { user }, () => {
          throw new RowError(
            'Its secret is not in the file: export with ?include_credential=totp.',
          );
        });
    }
  },
};

function identitiesOf(document: unknown): readonly unknown[] {
  if (memberAt([document], 'credentials') !== undefined && !Array.isArray(document))
    return [document];
  const nested = listAt(document, 'identities');
  const list = nested.length > 0 ? nested : Array.isArray(document) ? document.flat() : [];
  if (list.length > 0 && list.some((one) => memberAt([one], 'id') !== undefined)) return list;
  throw new TokenFileError(
    'The file has no identities of Kratos’: save what GET /admin/identities?include_credential=totp answers.',
  );
}
