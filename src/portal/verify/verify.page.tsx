import { lengthOf } from '../manage/when.js';
import { askForSent, CodeForm, Notice, Resend } from '../code-form.js';
import { BackToList, Form } from '../controls.js';
import { KeyForm } from '../key-form.js';
import { Icon } from '../icons.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';
import type { SentCode } from '../shown-challenges.js';
import type { Texts } from '../texts.js';
import { Transaction } from './transaction.js';
import type { VerifyView } from './verify-state.js';
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
    scripts: scriptsOf(view),
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

/** What the step needs, where it stands. */
export function scriptsOf({ options }: VerifyView): readonly string[] {
  return [options === undefined ? 'code.js' : 'key.js'];
}

/** The step in which a factor is proved, on this page or as a part of another. */
export function Verifying({ page, view, to }: StepProps) {
  return (
    <>
      <Opening page={page} view={view} />
      {view.way !== undefined && <Current page={page} view={view} to={to} way={view.way} />}
      <OtherWays page={page} view={view} to={to} />
    </>
  );
}

/** What was refused; or that there is nothing to be tried. */
function Opening({ page, view }: Props) {
  // What is said of a challenge that is over is said of its code.
  const told = view.way?.type === 'webauthn' ? { ...view, status: undefined } : view;
  if (!isStuck(view)) return <Notice page={page} told={told} />;
  const { name } = page.visit.caller.application;
  return <p>{page.texts.say('verify.nothing', { application: name })}</p>;
}

/** What is being tried: a code to type in, or why there is none to be typed in. */
function Current({ page, view, to, way }: StepProps & { readonly way: Way }) {
  if (view.status !== 'pending') return <Again page={page} to={to} way={way} />;
  const { texts } = page;
  const { digits, sent, notice, options } = view;
  const before = <Trust texts={texts} seconds={view.trustSeconds} />;
  if (options !== undefined) {
    const seconds = notice?.seconds;
    return <KeyForm {...{ page, options, seconds, before }} to={`${to}/key`} ceremony="get" />;
  }
  return (
    <>
      <p id="ask">{askFor(texts, way, sent)}</p>
      <CodeForm
        {...{ page, to, digits, sent, notice, before }}
        submit={texts.say('verify.submit')}
        isWritten={way.kind === 'recovery' || way.kind === 'bypass'}
        autofocus
      />
      {sent !== undefined && <Resend {...{ page, to, sent }} />}
    </>
  );
}

/** Before what is asked for: a code is sent by its last digit. */
function Trust({ texts, seconds }: { readonly texts: Texts; readonly seconds: number | null }) {
  if (seconds === null) return null;
  return (
    <label class="check">
      <input type="checkbox" name="trust" value="yes" />
      <span>{texts.say('verify.trust', { time: lengthOf(texts.locale, seconds) })}</span>
    </label>
  );
}

function askFor(texts: Texts, way: Way, sent: SentCode | undefined) {
  if (sent !== undefined) return askForSent(texts, sent);
  if (way.kind === 'recovery' || way.kind === 'bypass') return texts.say(`verify.${way.kind}`);
  const kind = way.kind === 'token' ? 'token' : 'app';
  return way.name === null
    ? texts.say(`verify.${kind}`)
    : texts.weave(`verify.${kind}.named`, { name: <bdi>{way.name}</bdi> });
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
  if (way.kind === 'recovery') return texts.say('manage.kind.recovery');
  if (way.kind === 'bypass') return texts.say('way.bypass');
  return texts.weave(`way.${way.kind}${way.name === null ? '' : '.named'}`, {
    name: <bdi>{way.name}</bdi>,
    number: <bdi dir="ltr">{way.number}</bdi>,
  });
}

/** One way out that is always there; where nothing else is, it is the thing to do. */
function Leaving({ page, view }: Props) {
  const { texts, visit } = page;
  const { name: application } = visit.caller.application;
  if (visit.link.purpose === 'manage') return <BackToList page={page} />;
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
