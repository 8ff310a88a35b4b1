import type { Factor } from '../../factors/factor.js';
import { Alert, BackToList, Form, pathOf, plain } from '../controls.js';
import { Notice } from '../code-form.js';
import { KeyForm } from '../key-form.js';
import { Icon } from '../icons.js';
import type { Told } from '../notice.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';
import type { Texts } from '../texts.js';
import { AppStep } from './app-step.js';
import { CodeStep, NumberStep, type NumberForm } from './phone-steps.js';
import type { EnrolView, Step } from './enrol-state.js';

interface Props {
  readonly page: Page;
  readonly view: EnrolView;
}

export async function enrolContent(
  page: Page,
  view: EnrolView,
  form: NumberForm,
): Promise<Content> {
  const { texts } = page;
  const { step } = view;
  switch (step.at) {
    case 'prove':
      return contentOf(texts.say('enrol.prove.title'), [], <Prove page={page} />);
    case 'choose':
      return contentOf(texts.say('enrol.choose.title'), [], <Choose {...{ page, view }} />);
    case 'number':
      return numberContent(page, view, form);
    case 'app':
      return contentOf(
        texts.say('enrol.app.title'),
        ['code.js', 'copy.js'],
        <>
          {await AppStep({ page, view, step })}
          <Leaving {...{ page, view }} />
        </>,
      );
    case 'key':
      return contentOf(
        texts.say('way.key'),
        ['key.js'],
        <>
          <Notice page={page} told={view} />
          <KeyForm
            {...{ page, options: step.options, seconds: view.notice?.seconds }}
            to="enrol/made"
            ceremony="create"
          />
          <Leaving {...{ page, view }} />
        </>,
      );
    case 'code':
      return contentOf(
        texts.say('enrol.code.title'),
        ['code.js'],
        <>
          <CodeStep {...{ page, view, step }} />
          <Leaving {...{ page, view }} />
        </>,
      );
    case 'done':
      return contentOf(texts.say('enrol.done.title'), [], <Done {...{ page, view, step }} />);
  }
}

export function numberContent(page: Page, told: Told, form: NumberForm): Content {
  return contentOf(
    page.texts.say('enrol.number.title'),
    ['phone.js'],
    <>
      <NumberStep {...{ page, told, form }} />
      <NotNow page={page} />
    </>,
  );
}

function contentOf(title: string, scripts: readonly string[], body: Content['body']): Content {
  return {
    title,
    scripts,
    body: (
      <>
        <h1>{title}</h1>
        {body}
      </>
    ),
  };
}

function Prove({ page }: { readonly page: Page }) {
  const { texts } = page;
  return (
    <>
      <p>{texts.say('enrol.prove.text')}</p>
      <Form page={page} to="enrol/prove">
        <button class="button">{texts.say('enrol.prove.button')}</button>
      </Form>
      <NotNow page={page} />
    </>
  );
}

function Choose({ page, view }: Props) {
  const { texts, visit } = page;
  const { types } = view;
  const isNothing = types.length === 0 && !view.offersCodes;
  const { name: application } = visit.caller.application;
  const text =
    visit.link.deeds.length > 0 || visit.link.purpose === 'manage'
      ? texts.say('enrol.choose.more')
      : texts.say('enrol.choose.text', { application: plain(application) });
  return (
    <>
      <Notice page={page} told={view} />
      <p>{isNothing ? texts.say('enrol.nothing') : text}</p>
      {types.includes('totp') && (
        <Form page={page} to="enrol/app">
          <button class="way">
            <Icon name="app" />
            <span>
              <strong>{texts.say('enrol.choose.app')}</strong>
              <small>{texts.say('enrol.choose.app.text')}</small>
            </span>
          </button>
        </Form>
      )}
      {types.includes('webauthn') && (
        <Form page={page} to="enrol/key">
          <button class="way">
            <Icon name="key" />
            <span>
              <strong>{texts.say('way.key')}</strong>
              <small>{texts.say('enrol.choose.key.text')}</small>
            </span>
          </button>
        </Form>
      )}
      {types.includes('phone') && (
        <a class="way" href={pathOf(page, 'enrol/phone')}>
          <Icon name="phone" />
          <span>
            <strong>{texts.say('enrol.choose.phone')}</strong>
            <small>{texts.say('enrol.choose.phone.text')}</small>
          </span>
        </a>
      )}
      {view.offersCodes && (
        <Form page={page} to="enrol/recovery">
          <button class="way">
            <Icon name="recovery" />
            <span>
              <strong>{texts.say('manage.kind.recovery')}</strong>
              <small>{texts.say('enrol.choose.recovery.text')}</small>
            </span>
          </button>
        </Form>
      )}
      <NotNow page={page} isStuck={isNothing} />
    </>
  );
}

/** Out of a step: to the choice, where there is one, or out of the pages. */
function Leaving({ page, view }: Props) {
  if (view.types.length < 2) return <NotNow page={page} />;
  return (
    <Form page={page} to="enrol/other" class="leaving">
      <button class="link quiet">{page.texts.say('enrol.other')}</button>
    </Form>
  );
}

interface NotNowProps {
  readonly page: Page;
  readonly isStuck?: boolean;
}

/** Back to where somebody came from; to the application with what was set up before, or without anything. */
function NotNow({ page, isStuck = false }: NotNowProps) {
  const { texts, visit } = page;
  const application = plain(visit.caller.application.name);
  if (visit.link.purpose === 'manage') return <BackToList page={page} />;
  if (visit.link.deeds.length > 0)
    return (
      <Form page={page} to="enrol/done" class="leaving">
        <button class="link quiet" name="next" value="leave">
          {texts.say('enrol.done.continue', { application })}
        </button>
      </Form>
    );
  return (
    <Form page={page} to="leave" class="leaving">
      <button
        class={isStuck ? 'button' : 'link quiet'}
        name="reason"
        value={isStuck ? 'no_way' : 'gave_up'}
      >
        {isStuck ? texts.say('leave', { application }) : texts.say('enrol.not_now')}
      </button>
    </Form>
  );
}

type DoneProps = Props & { readonly step: Extract<Step, { at: 'done' }> };

function Done({ page, view, step: { factor, ways } }: DoneProps) {
  const { texts, visit } = page;
  const application = plain(visit.caller.application.name);
  const isApp = factor.type === 'totp';
  const isWrong = view.notice?.code === 'invalid_request';
  return (
    <>
      <p class="news" role="status">
        {factor.type === 'phone'
          ? texts.weave('enrol.done.phone', { number: <bdi dir="ltr">{factor.masked}</bdi> })
          : texts.say(isApp ? 'enrol.done.app' : 'enrol.done.key')}
      </p>
      {/* A code of the step to come is a clock's; one of the step before may as well be slow typing. */}
      {isApp && factor.driftSteps > 0 && <p>{texts.say('enrol.done.clock_ahead')}</p>}
      {isWrong && <Alert id="notice">{texts.say('enrol.done.name.wrong')}</Alert>}
      <Form page={page} to="enrol/done">
        <label for="name">{texts.say('enrol.done.name')}</label>
        <input
          id="name"
          name="name"
          class="field"
          type="text"
          maxLength={64}
          autocomplete="off"
          placeholder={exampleOf(texts, factor)}
          aria-invalid={isWrong ? 'true' : undefined}
          aria-describedby={isWrong ? 'notice' : undefined}
          dir="auto"
        />
        <section class="lost">
          <h2>{texts.say('enrol.done.lost.title')}</h2>
          <p>
            {ways > 1
              ? texts.say('enrol.done.lost.several', { count: ways })
              : texts.say('enrol.done.lost.text')}
          </p>
        </section>
        {/* The first button of a form is what the Enter key means. */}
        <button class="button" name="next" value="leave">
          {visit.link.purpose === 'manage'
            ? texts.say('manage.back')
            : texts.say('enrol.done.continue', { application })}
        </button>
        {(view.types.length > 0 || view.offersCodes) && (
          <button class="button second" name="next" value="more">
            {texts.say('enrol.done.more')}
          </button>
        )}
      </Form>
    </>
  );
}

/** A name that somebody might give; a key may be anything. */
function exampleOf(texts: Texts, { type }: Factor): string | undefined {
  if (type === 'phone') return texts.say('enrol.done.name.phone');
  return type === 'totp' ? texts.say('enrol.done.name.app') : undefined;
}
