/** Where a code is typed in, and what stands around it: what was refused, and how to get another one. */
import type { ComponentChildren } from 'preact';
import { Alert, Countdown, Form, pathOf } from './controls.js';
import { noticeText, type ShownNotice, type Told } from './notice.js';
import type { Page } from './page.js';
import type { SentCode } from './shown-challenges.js';
import type { Texts } from './texts.js';

interface NoticeProps {
  readonly page: Page;
  readonly told: Told;
}

export function Notice({ page: { texts }, told }: NoticeProps) {
  const text = noticeText(texts, told);
  if (text === undefined) return null;
  const seconds = told.notice?.seconds;
  return (
    <Alert id="notice">
      {text}{' '}
      {seconds !== undefined &&
        (seconds > LONG_SECONDS
          ? texts.say('wait.long')
          : texts.weave('wait', { time: <Countdown seconds={seconds} /> }))}
    </Alert>
  );
}

/** Nobody sits and waits for that. */
const LONG_SECONDS = 6 * 3600;

interface CodeProps {
  readonly page: Page;
  /** Where the step is: the form goes to `{to}/code`, and `{to}/delivery` tells what became of a message. */
  readonly to: string;
  readonly digits: number | undefined;
  readonly sent: SentCode | undefined;
  readonly notice: ShownNotice | undefined;
  readonly submit: string;
  /** What stands in the form before the code. */
  readonly before?: ComponentChildren;
  /** A code with letters, which somebody has on paper. */
  readonly isWritten?: boolean;
  /** Whether the page is for this alone. */
  readonly autofocus: boolean;
}

/** The field is described by the element `ask`, which the page has to have. */
export function CodeForm(props: CodeProps) {
  const { page, to, digits, sent, notice, submit, before, isWritten, autofocus } = props;
  const isWrong = notice?.code === 'code_incorrect' || notice?.code === 'invalid_request';
  return (
    <Form page={page} to={`${to}/code`} class="code-form">
      {before}
      <label for="code">{page.texts.say('verify.code')}</label>
      <input
        id="code"
        name="code"
        class="field code"
        type="text"
        inputMode={isWritten ? 'text' : 'numeric'}
        autocomplete={isWritten ? 'off' : 'one-time-code'}
        autocapitalize={isWritten ? 'characters' : 'off'}
        spellcheck={false}
        enterkeyhint="go"
        dir="ltr"
        maxLength={64}
        required
        autofocus={autofocus || isWrong}
        aria-describedby={isWrong ? 'notice ask' : 'ask'}
        aria-invalid={isWrong ? 'true' : undefined}
        data-digits={digits}
        data-otp={sent?.channel === 'sms' ? 'sms' : undefined}
        data-delivery={sent === undefined ? undefined : pathOf(page, `${to}/delivery`)}
      />
      <button class="button" data-ready-in={notice?.seconds}>
        {submit}
      </button>
    </Form>
  );
}

/** What to do with a code that was sent. */
export function askForSent(texts: Texts, { channel, to }: SentCode) {
  return texts.weave(`verify.sent.${channel}`, { number: <bdi dir="ltr">{to}</bdi> });
}

interface ResendProps {
  readonly page: Page;
  /** The form goes to `{to}/resend`. */
  readonly to: string;
  readonly sent: SentCode;
}

export function Resend({ page, to, sent }: ResendProps) {
  const { texts } = page;
  if (sent.channels.length === 0) return null;
  const channels = [sent.channel, ...sent.channels.filter((one) => one !== sent.channel)];
  return (
    <section class="resend" aria-label={texts.say('verify.resend.title')}>
      <p class="quiet" data-until-ready hidden={sent.seconds === 0}>
        {texts.weave('verify.resend.wait', { time: <Countdown seconds={sent.seconds} /> })}
      </p>
      <Form page={page} to={`${to}/resend`} class="row">
        {channels
          .filter((channel) => sent.channels.includes(channel))
          .map((channel) => (
            <button
              key={channel}
              class="link"
              name="channel"
              value={channel}
              data-ready-in={sent.seconds}
            >
              {texts.say(channel === sent.channel ? 'verify.resend' : `verify.resend.${channel}`)}
            </button>
          ))}
      </Form>
    </section>
  );
}
