/** What the steps of the page are made of. */
import type { ComponentChildren } from 'preact';
import { Alert, Countdown } from '../controls.js';
import { FORM_TOKEN } from '../form-token.js';
import { textsOf } from '../texts.js';
import type { Asking } from './commands.js';
import type { TourView } from './tour-state.js';
import type { FormName } from './visitor.js';

export interface StepProps {
  readonly view: TourView;
  readonly asking: Asking;
  readonly formToken: string;
}

interface FrameProps {
  readonly id: string;
  readonly title: string;
  readonly isDone?: boolean;
  readonly children: ComponentChildren;
}

/** A step of the story; its number is counted by the style. */
export function Step({ id, title, isDone, children }: FrameProps) {
  return (
    <section class="step" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>
        {title}
        {isDone && <span class="done"> done</span>}
      </h2>
      {children}
    </section>
  );
}

interface FormProps {
  readonly to: FormName | 'reset';
  readonly formToken: string;
  readonly children: ComponentChildren;
}

export function TryForm({ to, formToken, children }: FormProps) {
  return (
    <form method="post" action={`/try-it/${to}`}>
      <input type="hidden" name={FORM_TOKEN} value={formToken} />
      {children}
    </form>
  );
}

export function Command({ what, text }: { readonly what: string; readonly text: string }) {
  return (
    <figure class="command">
      <figcaption class="quiet">{what}</figcaption>
      <button type="button" class="copy" hidden aria-label={`Copy: ${what}`}>
        Copy
      </button>
      <pre tabIndex={0} aria-label={what}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

interface CodeProps {
  readonly id: string;
  readonly label: string;
  readonly digits?: number;
  readonly isWrong: boolean;
}

export function CodeField({ id, label, digits, isWrong }: CodeProps) {
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        name="code"
        class="field code"
        inputMode="numeric"
        autocomplete="one-time-code"
        dir="ltr"
        maxLength={64}
        required
        data-digits={digits}
        aria-invalid={isWrong ? 'true' : undefined}
      />
    </>
  );
}

const said: Readonly<Record<string, string>> = {
  invalid_request: 'Enter the digits of the code, nothing else.',
  phone_invalid:
    'That is no phone number. Write it with a plus and the country, as +1 415 555 0132.',
  factor_not_pending: 'The time to type the first code is over. Start over.',
  factor_limit_reached: 'This user has enough authenticator apps. Start over.',
  not_found: 'That is gone. Start over.',
};
const texts = textsOf('en');
const known = [
  ...['code_incorrect', 'locked', 'challenge_ended', 'send_too_soon', 'send_limit_reached'],
] as const;

/** What the service has said to the last form, where it was this one. */
export function Notice({ view: { notice }, form }: { view: TourView; form: FormName }) {
  if (notice?.form !== form) return null;
  const { code, attemptsLeft, seconds } = notice;
  const text = isKnown(code) ? texts.say(`notice.${code}`) : (said[code] ?? `Refused: ${code}.`);
  return (
    <Alert>
      {text}{' '}
      {attemptsLeft !== undefined && texts.say('notice.attempts_left', { count: attemptsLeft })}{' '}
      {seconds !== undefined && texts.weave('wait', { time: <Countdown seconds={seconds} /> })}
    </Alert>
  );
}

type KnownCode =
  'code_incorrect' | 'locked' | 'challenge_ended' | 'send_too_soon' | 'send_limit_reached';
function isKnown(code: string): code is KnownCode {
  return (known as readonly string[]).includes(code);
}
