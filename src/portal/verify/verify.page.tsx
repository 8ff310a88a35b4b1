import { Alert, Countdown, Form, pathOf } from '../controls.js';
import { Icon } from '../icons.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';
import type { Texts } from '../texts.js';
import { Transaction } from './transaction.js';
import type { SentCode, VerifyView } from './verify-state.js';
import { noticeText } from './verify.notices.js';
import type { Way } from './way.js';

interface Props {
  readonly page: Page;
  readonly view: VerifyView;
}

interface StepProps extends Props {
  /** Where its forms go: what there is behind it is what verify.controller.ts has. */
  readonly to: string;
}

export function verifyContent(page: Page, view: VerifyView): Content {
  const { texts, visit } = page;
  const { transaction } = visit.link;
  const title = texts.say(transaction === null ? 'verify.title' : 'verify.confirm.title');
  return {
    title,
    scripts: ['code.js'],
    body: (
      <>
        <h1>{title}</h1>
        {transaction !== null && <Transaction texts={texts} transaction={transaction} />}
        <Verifying page={page} view={view} to="verify" />
        <Leaving page={page} view={view} />
      </>
    ),
  };
}

/** The step in which a factor is proved, on this page or as a part of another. */
export function Verifying({ page, view, to }: StepProps) {
  return (
    <>
      <Notice page={page} view={view} />
      {view.way !== undefined && <Current page={page} view={view} to={to} way={view.way} />}
      <OtherWays page={page} view={view} to={to} />
    </>
  );
}

function Notice({ page: { texts, visit }, view }: Props) {
  const text = noticeText(texts, view);
  const { notice } = view;
  if (isStuck(view)) {
    const { name } = visit.caller.application;
    return <p>{texts.say('verify.nothing', { application: name })}</p>;
  }
  if (text === undefined) return null;
  return (
    <Alert id="notice">
      {text}{' '}
      {notice?.seconds !== undefined &&
        (notice.seconds > LONG_SECONDS
          ? texts.say('wait.long')
          : texts.weave('wait', { time: <Countdown seconds={notice.seconds} /> }))}
    </Alert>
  );
}

/** Nobody sits and waits for that. */
const LONG_SECONDS = 6 * 3600;

/** What is being tried: a code to type in, or why there is none to be typed in. */
function Current({ page, view, to, way }: StepProps & { readonly way: Way }) {
  if (view.status !== 'pending') return <Again page={page} to={to} way={way} />;
  const { texts } = page;
  return (
    <>
      <p id="ask">{askFor(texts, way, view.sent)}</p>
      <CodeForm page={page} view={view} to={to} />
      {view.sent !== undefined && <Resend page={page} to={to} sent={view.sent} />}
    </>
  );
}

function askFor(texts: Texts, way: Way, sent: SentCode | undefined) {
  if (sent !== undefined)
    return texts.weave(`verify.sent.${sent.channel}`, { number: <bdi dir="ltr">{sent.to}</bdi> });
  const kind = way.kind === 'token' ? 'token' : 'app';
  return way.name === null
    ? texts.say(`verify.${kind}`)
    : texts.weave(`verify.${kind}.named`, { name: <bdi>{way.name}</bdi> });
}

function CodeForm({ page, view, to }: StepProps) {
  const { texts } = page;
  const isWrong = view.notice?.code === 'code_incorrect' || view.notice?.code === 'invalid_request';
  return (
    <Form page={page} to={`${to}/code`} class="code-form">
      <label for="code">{texts.say('verify.code')}</label>
      <input
        id="code"
        name="code"
        class="field code"
        type="text"
        inputMode="numeric"
        autocomplete="one-time-code"
        autocapitalize="off"
        spellcheck={false}
        enterkeyhint="go"
        dir="ltr"
        maxLength={64}
        required
        autofocus
        aria-describedby={isWrong ? 'notice ask' : 'ask'}
        aria-invalid={isWrong ? 'true' : undefined}
        data-digits={view.digits}
        data-otp={view.sent?.channel === 'sms' ? 'sms' : undefined}
        data-delivery={view.sent === undefined ? undefined : pathOf(page, `${to}/delivery`)}
      />
      <button class="button" data-ready-in={view.notice?.seconds}>
        {texts.say('verify.submit')}
      </button>
    </Form>
  );
}

function Resend({ page, to, sent }: Omit<StepProps, 'view'> & { readonly sent: SentCode }) {
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

/** A code that can be answered no more: another one, of the same way. */
function Again({ page, to, way }: Omit<StepProps, 'view'> & { readonly way: Way }) {
  const { texts } = page;
  return (
    <Form page={page} to={`${to}/way`}>
      <button class="button" name="way" value={way.key}>
        {texts.say(way.type === 'phone' ? 'verify.again.phone' : 'again')}
      </button>
    </Form>
  );
}

function OtherWays({ page, view: { others, way }, to }: StepProps) {
  const { texts } = page;
  if (others.length === 0) return null;
  return (
    <section class="ways">
      <h2>{texts.say(way === undefined ? 'verify.choose' : 'verify.others')}</h2>
      <Form page={page} to={`${to}/way`}>
        {others.map((other) => (
          <button key={other.key} class="way" name="way" value={other.key}>
            <Icon name={other.kind} />
            <span>{wayName(texts, other)}</span>
          </button>
        ))}
      </Form>
    </section>
  );
}

function wayName(texts: Texts, way: Way) {
  return texts.weave(`way.${way.kind}${way.name === null ? '' : '.named'}`, {
    name: <bdi>{way.name}</bdi>,
    number: <bdi dir="ltr">{way.number}</bdi>,
  });
}

/** One way out that is always there; where nothing else is, it is the thing to do. */
function Leaving({ page, view }: Props) {
  const { texts, visit } = page;
  const { name: application } = visit.caller.application;
  return (
    <Form page={page} to="leave" class="leaving">
      {isStuck(view) ? (
        <button class="button" name="reason" value="no_way">
          {texts.say('leave', { application })}
        </button>
      ) : (
        <button class="link quiet" name="reason" value="not_me" formNoValidate>
          {texts.say('verify.not_me')}
        </button>
      )}
    </Form>
  );
}

/** A user who has nothing to prove it by, of what the link lets. */
function isStuck({ way, others }: VerifyView): boolean {
  return way === undefined && others.length === 0;
}
