/** Where a security key is asked for: the browser does it, by scripts/key.js, and the form brings its answer. */
import type { ComponentChildren } from 'preact';
import type { CreationOptions, RequestOptions } from '../factors/key-response.js';
import { Alert, Form } from './controls.js';
import type { Page } from './page.js';

interface Props {
  readonly page: Page;
  /** Where the form goes. */
  readonly to: string;
  readonly ceremony: 'create' | 'get';
  readonly options: CreationOptions | RequestOptions;
  /** What stands in the form before the button. */
  readonly before?: ComponentChildren;
  /** Until it may be tried again. */
  readonly seconds: number | undefined;
}

export function KeyForm({ page, to, ceremony, options, before, seconds }: Props) {
  const { texts, visit } = page;
  const isNameless = visit.link.userId === null;
  return (
    <>
      <p id="ask">{texts.say('key.ask')}</p>
      <noscript>
        <Alert>{texts.say('key.script')}</Alert>
      </noscript>
      <p class="alert" role="alert" id="key-failed" hidden>
        {texts.say('key.failed')}
      </p>
      <Form page={page} to={to}>
        <input type="hidden" name="response" />
        {isNameless && <Picker page={page} />}
        {before}
        <button
          type="button"
          class="button"
          aria-describedby="ask"
          data-ceremony={ceremony}
          data-options={JSON.stringify(options)}
          data-ready-in={seconds}
          hidden
        >
          {texts.say('enrol.prove.button')}
        </button>
      </Form>
    </>
  );
}

/**
 * Where the browser lists the passkeys that it has, once it is entered (conditional mediation). Nothing is typed
 * into it; scripts/key.js shows it to browsers that know of that.
 */
function Picker({ page: { texts } }: { readonly page: Page }) {
  return (
    <input
      id="passkey"
      class="field"
      type="text"
      inputMode="none"
      autocomplete="username webauthn"
      aria-label={texts.say('way.key')}
      placeholder={texts.say('way.key')}
      hidden
    />
  );
}
