import { Form, pathOf } from '../controls.js';
import { Icon } from '../icons.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';
import type { Texts } from '../texts.js';
import type { FactorView, ManageView } from './manage-state.js';
import type { Said } from './managing.js';
import { agoOf, When } from './when.js';

interface Props {
  readonly page: Page;
  readonly view: ManageView;
}

/** Everything there is, the way to each, and the way back. */
export function manageContent(page: Page, view: ManageView, said: Said | undefined): Content {
  const { texts, visit } = page;
  return {
    title: texts.say('manage.title'),
    body: (
      <>
        <h1>{texts.say('manage.title')}</h1>
        {(said === 'renamed' || said === 'removed' || said === 'signed_out') && (
          <p class="news" role="status">
            {texts.say(`manage.said.${said}`)}
          </p>
        )}
        <Factors page={page} view={view} />
        <Sessions page={page} view={view} />
        <Devices page={page} view={view} />
        <Form page={page} to="manage/done" class="ending">
          <button class="button">{texts.say('manage.done')}</button>
          <p class="quiet">
            {texts.say('manage.done.text', { application: visit.caller.application.name })}
          </p>
        </Form>
      </>
    ),
  };
}

function Factors({ page, view }: Props) {
  const { texts } = page;
  const { factors, now } = view;
  return (
    <section class="part">
      <h2>{texts.say('manage.factors')}</h2>
      {factors.length === 0 && <p>{texts.say('manage.factors.none')}</p>}
      <ul class="plain">
        {factors.map((factor) => (
          <li key={factor.id}>
            <a class="way" href={pathOf(page, `manage/factor/${factor.id}`)}>
              <Icon name={factor.kind} />
              <span class="about">
                <strong>{factorName(texts, factor)}</strong>
                {factor.number !== null && (
                  <span class="quiet">
                    <bdi dir="ltr">{factor.number}</bdi>
                  </span>
                )}
                {factor.remaining !== undefined && (
                  <span class="quiet">
                    {texts.say('manage.recovery.left', { count: factor.remaining })}
                  </span>
                )}
                <span class="quiet">{lastUse(texts, factor, now)}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      {view.mayAdd && (
        <Form page={page} to="enrol/begin">
          <button class="button second">{texts.say('enrol.done.more')}</button>
        </Form>
      )}
    </section>
  );
}

/** Its own name, or what it is. */
export function factorName(texts: Texts, { name, kind }: FactorView) {
  return name === null ? texts.say(`manage.kind.${kind}`) : <bdi>{name}</bdi>;
}

export function lastUse(texts: Texts, { lastUsedAt }: FactorView, now: Date) {
  return lastUsedAt === null
    ? texts.say('manage.unused')
    : texts.weave('manage.used', { time: <When texts={texts} time={lastUsedAt} now={now} /> });
}

function Sessions({ page, view }: Props) {
  const { texts } = page;
  const { sessions, moreSessions, now } = view;
  return (
    <section class="part">
      <h2>{texts.say('manage.sessions')}</h2>
      {sessions.length === 0 && <p>{texts.say('manage.sessions.none')}</p>}
      <Form page={page} to="manage/sign-out">
        <ul class="plain">
          {sessions.map((session) => (
            <li key={session.id} class="entry">
              <span class="about" id={session.id}>
                <strong>
                  <bdi>{session.applicationName}</bdi>
                </strong>
                <span class="quiet">{texts.say(`manage.session.${session.kind}`)}</span>
                <span class="quiet">
                  {texts.weave('manage.used', {
                    time: <When texts={texts} time={session.lastUsedAt} now={now} />,
                  })}
                </span>
                <span class="quiet">
                  {texts.weave('manage.begun', {
                    time: <When texts={texts} time={session.createdAt} now={now} />,
                  })}
                </span>
              </span>
              <button class="link" name="session" value={session.id} aria-describedby={session.id}>
                {texts.say('manage.sign_out')}
              </button>
            </li>
          ))}
        </ul>
      </Form>
      {moreSessions > 0 && <p>{texts.say('manage.sessions.more', { count: moreSessions })}</p>}
      {sessions.length > 0 && <SignOutAll page={page} view={view} />}
    </section>
  );
}

/** Browsers that are trusted, where there are any. */
function Devices({ page, view: { devices, now } }: Props) {
  const { texts } = page;
  if (devices.length === 0) return null;
  return (
    <section class="part">
      <h2>{texts.say('manage.devices')}</h2>
      <Form page={page} to="manage/forget">
        <ul class="plain">
          {devices.map(({ id, applicationName, provedAt, lastUsedAt }) => (
            <li key={id} class="entry">
              <span class="about" id={id}>
                <strong>
                  <bdi>{applicationName}</bdi>
                </strong>
                <span class="quiet">
                  {texts.weave('manage.used', {
                    time: <When texts={texts} time={lastUsedAt} now={now} />,
                  })}
                </span>
                <span class="quiet">
                  {texts.weave('manage.begun', {
                    time: <When texts={texts} time={provedAt} now={now} />,
                  })}
                </span>
              </span>
              <button class="link" name="device" value={id} aria-describedby={id}>
                {texts.say('manage.remove.button')}
              </button>
            </li>
          ))}
        </ul>
      </Form>
    </section>
  );
}

/** Which one the user comes from nobody knows but the user. */
function SignOutAll({ page, view: { sessions, now } }: Props) {
  const { texts } = page;
  return (
    <details>
      <summary>{texts.say('manage.sign_out_all')}</summary>
      <p>{texts.say('manage.sign_out_all.text')}</p>
      <Form page={page} to="manage/sign-out-all">
        <label for="kept">{texts.say('manage.sign_out_all.keep')}</label>
        <select id="kept" name="kept" class="field">
          <option value="">{texts.say('manage.sign_out_all.keep.none')}</option>
          {sessions.map(({ id, applicationName, kind, lastUsedAt }) => (
            <option key={id} value={id}>
              {[
                applicationName,
                texts.say(`manage.session.${kind}`),
                agoOf(texts.locale, lastUsedAt, now),
              ].join(' · ')}
            </option>
          ))}
        </select>
        <button class="button grave">{texts.say('manage.sign_out_all.button')}</button>
      </Form>
    </details>
  );
}
