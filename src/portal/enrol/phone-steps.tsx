import { askForSent, CodeForm, Notice, Resend } from '../code-form.js';
import { Form, pathOf } from '../controls.js';
import type { Told } from '../notice.js';
import type { Page } from '../page.js';
import type { Country } from './countries.js';
import type { EnrolView, Step } from './enrol-state.js';
import type { TypedNumber } from './setting-up.js';

/** What the form for a number has in it. */
export interface NumberForm {
  readonly typed: TypedNumber;
  /** Those whose numbers can get codes. */
  readonly countries: readonly Country[];
}

interface NumberProps {
  readonly page: Page;
  readonly told: Told;
  readonly form: NumberForm;
}

export function NumberStep({ page, told, form: { typed, countries } }: NumberProps) {
  const { texts } = page;
  const isWrong = told.notice !== undefined;
  return (
    <>
      <Notice page={page} told={told} />
      <p id="ask">{texts.say('enrol.number.text')}</p>
      <Form page={page} to="enrol/phone">
        <label for="country">{texts.say('enrol.number.country')}</label>
        <select
          id="country"
          name="country"
          class="field"
          autocomplete="country"
          data-groups={countries.map(({ country, groups }) => country + groups).join(' ')}
        >
          {countries.map((country) => (
            <option
              key={country.country}
              value={country.country}
              selected={country.country === typed.country}
            >
              {labelOf(country, texts.direction)}
            </option>
          ))}
        </select>
        <label for="number">{texts.say('enrol.number.number')}</label>
        <input
          id="number"
          name="number"
          class="field"
          type="tel"
          autocomplete="tel"
          dir="ltr"
          maxLength={40}
          required
          autofocus
          value={typed.number}
          aria-describedby={isWrong ? 'notice ask' : 'ask'}
          aria-invalid={isWrong ? 'true' : undefined}
        />
        <button class="button" data-ready-in={told.notice?.seconds}>
          {texts.say('enrol.number.submit')}
        </button>
      </Form>
    </>
  );
}

/** In an option there are no elements, so isolates keep the plus sign where it belongs (UAX 9). */
function labelOf({ name, callingCode }: Country, direction: 'ltr' | 'rtl'): string {
  const code = `+${callingCode}`;
  return `${name} (${direction === 'rtl' ? `\u2066${code}\u2069` : code})`;
}

interface CodeProps {
  readonly page: Page;
  readonly view: EnrolView;
  readonly step: Extract<Step, { at: 'code' }>;
}

export function CodeStep({ page, view, step: { sent, digits } }: CodeProps) {
  const { texts } = page;
  const isOpen = view.status === 'pending' && sent !== undefined;
  return (
    <>
      <Notice page={page} told={view} />
      {isOpen ? (
        <>
          <p id="ask">{askForSent(texts, sent)}</p>
          <CodeForm
            {...{ page, digits, sent, notice: view.notice }}
            to="enrol"
            submit={texts.say('enrol.code.submit')}
            autofocus
          />
          <Resend page={page} to="enrol" sent={sent} />
        </>
      ) : (
        <a class="button" href={pathOf(page, 'enrol/phone')}>
          {texts.say('verify.again.phone')}
        </a>
      )}
      {isOpen && (
        <p>
          <a class="link" href={pathOf(page, 'enrol/phone')}>
            {texts.say('enrol.code.change')}
          </a>
        </p>
      )}
    </>
  );
}
