/** Key URIs, one a line, as apps and `authelia storage user totp export uri` write them. `#` begins a remark. */
import { keyUriEntry } from './key-uri-text.js';
import { linesOf } from './lines.js';
import type { TokenFileFormat } from './token-file.js';

export const otpauthList: TokenFileFormat = {
  looksLike: (text) => /^\ufeff?(?:\s|#[^\n]*\n)*otpauth:\/\//i.test(text),

  *read(text) {
    for (const { line, content } of linesOf(text)) yield keyUriEntry(line, content);
  },
};
