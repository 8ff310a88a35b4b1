import { qrSvg } from '../../otp/qr-code.js';
import { encodeSecret } from '../../otp/secret.js';
import { CodeForm, Notice } from '../code-form.js';
import { plain } from '../controls.js';
import type { Page } from '../page.js';
import type { EnrolView, Material, Step } from './enrol-state.js';

interface Props {
  readonly page: Page;
  readonly view: EnrolView;
  readonly step: Extract<Step, { at: 'app' }>;
}

/** From the secret to the first code, on one page: nobody has to go back for what was shown before. */
export async function AppStep({ page, view, step: { material, digits } }: Props) {
  const { texts } = page;
  const picture = `data:image/svg+xml,${encodeURIComponent(await qrSvg(material.uri))}`;
  return (
    <>
      <p class="quiet">{texts.say('enrol.app.get')}</p>
      <ol class="steps">
        <li>
          <div class="on-phone">
            <a class="button" href={material.uri}>
              {texts.say('enrol.app.open')}
            </a>
            <p>{texts.say('enrol.app.or_scan')}</p>
          </div>
          <p class="not-on-phone">{texts.say('enrol.app.scan')}</p>
          <img class="qr" src={picture} alt={texts.say('enrol.app.qr')} width="240" height="240" />
          <Key page={page} material={material} />
        </li>
        <li>
          <p id="ask">{texts.say('enrol.app.code')}</p>
          <Notice page={page} told={view} />
          <CodeForm
            {...{ page, digits, notice: view.notice }}
            to="enrol"
            sent={undefined}
            submit={texts.say('enrol.code.submit')}
            autofocus={false}
          />
        </li>
      </ol>
    </>
  );
}

/** The secret to type in; groups of four are read and typed without losing one's place. */
function Key({ page: { texts }, material }: { readonly page: Page; readonly material: Material }) {
  const secret = encodeSecret(material.secret);
  const groups = secret.match(/.{1,4}/g) ?? [];
  return (
    <details class="key">
      <summary>{texts.say('enrol.app.key.title')}</summary>
      <p>{texts.say('enrol.app.key.text')}</p>
      <dl>
        <dt>{texts.say('enrol.app.key.account')}</dt>
        <dd>
          <bdi>{plain(`${material.issuer}: ${material.account}`)}</bdi>
        </dd>
        <dt>{texts.say('enrol.app.key.key')}</dt>
        <dd>
          <code id="key" class="secret" dir="ltr" translate={false}>
            {groups.join(' ')}
          </code>
        </dd>
        <dt>{texts.say('enrol.app.key.kind')}</dt>
        <dd>{texts.say('enrol.app.key.time_based')}</dd>
      </dl>
      <button
        type="button"
        class="link"
        data-copies="key"
        data-copied={texts.say('enrol.app.key.copied')}
        hidden
      >
        {texts.say('enrol.app.key.copy')}
      </button>
    </details>
  );
}
