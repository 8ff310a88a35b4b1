/**
 * Users of Keycloak with their OTP credentials: a realm or its users as `kc.sh export --users …` writes them, a
 * list of users, or one (https://github.com/keycloak/keycloak,
 * server-spi/src/main/java/org/keycloak/models/credential/OTPCredentialModel.java).
 *
 * `secretData` and `credentialData` are JSON in a text. The secret is the text itself, its bytes in UTF-8, and
 * base32 only where `secretEncoding` says so: an importer that takes every secret for base32 makes wrong codes.
 * What the Admin API answers has no `secretData`. Before version 8 type, `algorithm` and the rest stood beside
 * each other, with the secret as `hashedSaltedValue` (RepresentationToModel.java,
 * `convertDeprecatedCredentialsFormat`).
 *
 * The user is the `username`, or another member or attribute by its name: `id`, `email`, `employeeId`.
 */
import { checkedSecret, decodeSecret } from '../otp/secret.js';
import { readAlgorithm, readCounter, readDigits, readPeriod, readType } from './fields.js';
import { listAt, memberAt, readJson, textOfMember } from './json.js';
import {
  entryOf,
  RowError,
  TokenFileError,
  type FileToken,
  type TokenFileFormat,
} from './token-file.js';

export const keycloak: TokenFileFormat = {
  looksLike: (text) =>
    /^\ufeff?\s*[[{]/.test(text) &&
    /"(?:credentialData|secretData|hashedSaltedValue)"\s*:/.test(text),

  *read(text, { userField = 'username' }) {
    let number = 0;
    for (const user of usersOf(readJson(text))) {
      const name =
        textOfMember(user, userField) ?? textOfMember(user, 'attributes', userField) ?? null;
      for (const credential of listAt(user, 'credentials')) {
        const type = textOfMember(credential, 'type');
        if (type !== 'otp' && type !== 'totp' && type !== 'hotp') continue;
        number += 1;
        const label = textOfMember(credential, 'userLabel') ?? null;
        yield entryOf(number, { user: name, label }, () =>
          type === 'otp' ? tokenOf(credential) : oldTokenOf(type, credential),
        );
      }
    }
  },
};

function usersOf(document: unknown): readonly unknown[] {
  if (Array.isArray(document))
    return document.flatMap((item: unknown) => {
      const users = listAt([item], 'users');
      return users.length > 0 ? users : [item];
    });
  const users = listAt(document, 'users');
  if (users.length > 0) return users;
  if (memberAt(document, 'credentials') !== undefined) return [document];
  throw new TokenFileError(
    'The file has no users of Keycloak’s: export with kc.sh export --realm REALM --users realm_file.',
  );
}

function tokenOf(credential: unknown): FileToken {
  const secretData = innerJson(credential, 'secretData');
  const value = textOfMember(secretData, 'value');
  if (value === undefined)
    throw new RowError(
      'Its secret is not in the file: export with kc.sh export; the Admin API leaves secrets out.',
    );
  const data = innerJson(credential, 'credentialData');
  const encoding = textOfMember(data, 'secretEncoding');
  if (encoding !== undefined && encoding.toUpperCase() !== 'BASE32')
    throw new RowError('Its secretEncoding is another one than BASE32.');
  const secret = encoding === undefined ? checkedSecret(Buffer.from(value)) : decodeSecret(value);
  return withSettings(readType(textOfMember(data, 'subType')), secret, data);
}

function oldTokenOf(type: 'totp' | 'hotp', credential: unknown): FileToken {
  const value = textOfMember(credential, 'hashedSaltedValue') ?? '';
  return withSettings(type, checkedSecret(Buffer.from(value)), credential);
}

function withSettings(type: 'totp' | 'hotp', secret: Uint8Array, data: unknown): FileToken {
  return {
    type,
    secret,
    algorithm: readAlgorithm(textOfMember(data, 'algorithm')),
    digits: readDigits(textOfMember(data, 'digits')),
    // Keycloak writes a period of 0 beside a counter.
    period: type === 'totp' ? readPeriod(textOfMember(data, 'period')) : 30,
    counter: type === 'hotp' ? readCounter(textOfMember(data, 'counter')) : 0,
    driftSteps: 0,
  };
}

/** Exports have it as text; who edits a file by hand may have written the object itself. */
function innerJson(credential: unknown, name: string): unknown {
  const member = memberAt(credential, name);
  if (typeof member !== 'string') return member;
  try {
    return JSON.parse(member);
  } catch {
    throw new RowError(`Its ${name} is no JSON.`);
  }
}
