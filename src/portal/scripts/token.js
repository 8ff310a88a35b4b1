// Checks the token that is shown, letter by letter as it stands there, by the public keys and WebCrypto.
'use strict';
{
  const shown = document.querySelector('#jwt');
  if (shown !== null) {
    const checked = document.querySelector('#checked');
    const restore = document.querySelector('#restore');
    const original = [...shown.childNodes].map((node) => node.cloneNode(true));
    const text = () => shown.textContent.replace(/\s/g, '');
    const token = text();

    const bytes = (part) => {
      const base64 = part.replace(/-/g, '+').replace(/_/g, '/');
      const found = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      // The last letter has bits that count for nothing; a token where they are set is another text.
      const again = btoa(String.fromCharCode(...found)).replace(/=+$/, '');
      if (again !== base64) throw new Error('not base64url');
      return found;
    };
    const json = (part) =>
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes(part)));

    let keys;
    const keyOf = async (kid) => {
      keys ??= await fetch('/.well-known/jwks.json').then((answer) => answer.json());
      const jwk = keys.keys.find((key) => key.kid === kid);
      if (jwk === undefined) throw new Error('no such key');
      const { kty, crv, x, y } = jwk;
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
      return crypto.subtle.importKey('jwk', { kty, crv, x, y }, algorithm, false, ['verify']);
    };

    const judge = async (written) => {
      const [head, body, sign, ...more] = written.split('.');
      let header, key, signature;
      try {
        if (sign === undefined || more.length > 0) throw new Error('not three parts');
        [header, signature] = [json(head), bytes(sign)];
      } catch {
        return [false, 'Not a JWT any more: a part cannot be read.'];
      }
      try {
        if (header.alg !== 'ES256') throw new Error('another algorithm');
        key = await keyOf(header.kid);
      } catch {
        return [false, 'No public key of this service fits what the header says.'];
      }
      const signed = new TextEncoder().encode(`${head}.${body}`);
      const how = { name: 'ECDSA', hash: 'SHA-256' };
      if (!(await crypto.subtle.verify(how, key, signature, signed)))
        return [
          false,
          'The signature does not fit: something was changed. A service refuses this.',
        ];
      const isOver = json(body).exp * 1000 <= Date.now();
      return isOver
        ? [false, 'The signature is good, but the time of the token is over. Log in again.']
        : [true, `The signature is good, checked in this browser with the key ${header.kid}.`];
    };

    let turn = 0;
    const check = async () => {
      const mine = ++turn;
      const [isGood, words] = await judge(text());
      if (mine !== turn) return;
      checked.textContent = words;
      checked.dataset.good = isGood;
      restore.disabled = text() === token;
    };

    const change = () => {
      const part = shown.querySelector('.body') ?? shown;
      const letters = part.textContent;
      const at = Math.floor(letters.length * (0.2 + Math.random() * 0.6));
      const other = letters[at] === 'A' ? 'B' : 'A';
      const mark = document.createElement('mark');
      mark.textContent = other;
      part.replaceChildren(letters.slice(0, at), mark, letters.slice(at + 1));
      check();
    };

    if (globalThis.crypto?.subtle === undefined) {
      checked.textContent = 'The browser checks signatures on https and on localhost alone.';
    } else {
      shown.contentEditable = 'true';
      shown.setAttribute('role', 'textbox');
      shown.setAttribute('aria-multiline', 'true');
      shown.setAttribute('aria-label', 'The token; change any letter');
      shown.addEventListener('input', check);
      document.querySelector('#tampering').hidden = false;
      document.querySelector('#tamper').addEventListener('click', change);
      restore.addEventListener('click', () => {
        shown.replaceChildren(...original.map((node) => node.cloneNode(true)));
        check();
      });
      check();
    }
  }
}
