// Has the browser ask for a security key or passkey, and hands its answer to the form.
'use strict';
{
  const button = document.querySelector('button[data-ceremony]');
  const failed = document.querySelector('#key-failed');

  // Not every browser has the ways to and from JSON that Web Authentication level 3 describes.
  const bytes = (text) => {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
  const named = (keys) => keys.map((key) => ({ ...key, id: bytes(key.id) }));

  const ceremonies = {
    create: (options) => ({
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    }),
    get: (options) => ({
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: named(options.allowCredentials),
    }),
  };
  const answers = {
    create: (response) => ({
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    }),
    get: ({ authenticatorData, signature, userHandle }) => ({
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle?.byteLength > 0 ? text(userHandle) : null,
    }),
  };

  const ask = async (how) => {
    const { ceremony, options } = button.dataset;
    const publicKey = ceremonies[ceremony](JSON.parse(options));
    const asked = { ...how, publicKey };
    const { id, rawId, type, response } = await navigator.credentials[ceremony](asked);
    return {
      ...{ id, rawId: text(rawId), type },
      response: {
        clientDataJSON: text(response.clientDataJSON),
        ...answers[ceremony](response),
      },
    };
  };

  const hand = (answer) => {
    button.form.elements.response.value = JSON.stringify(answer);
    button.form.requestSubmit();
  };

  // Where nobody has said who it is, the browser lists its passkeys, if it has any and can.
  const picker = document.querySelector('#passkey');
  const picking = new AbortController();
  const list = async () => {
    if (!(await window.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
    picker.hidden = false;
    picker.addEventListener('beforeinput', (event) => event.preventDefault());
    hand(await ask({ mediation: 'conditional', signal: picking.signal }));
  };
  if (picker !== null) list().catch(() => undefined);

  if (button !== null) {
    const isAble = window.PublicKeyCredential !== undefined;
    button.hidden = !isAble;
    failed.hidden = isAble;
    // Only when asked to: a dialogue that nobody expects is closed without being read.
    button.addEventListener('click', async () => {
      button.disabled = true;
      failed.hidden = true;
      try {
        // A browser asks for one thing at a time.
        picking.abort();
        hand(await ask());
      } catch {
        // Nobody answered, or not with a key that fits; browsers do not say which.
        failed.hidden = false;
        button.disabled = false;
      }
    });
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted) button.disabled = false;
    });
  }
}
