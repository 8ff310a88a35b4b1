import { Alert, Form, pathOf } from '../controls.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';
import { factorName, lastUse } from './manage.page.js';
import type { FactorView } from './manage-state.js';
import type { Said } from './managing.js';
import { removalPath } from './removal.page.js';
import { When } from './when.js';

interface Props {
  readonly page: Page;
  readonly factor: FactorView & { readonly now: Date };
}

/** One factor: what it is, its name, and the way to be rid of it. */
export function factorContent(
  page: Page,
  factor: Props['factor'],
  said: Said | undefined,
): Content {
  const { texts } = page;
  return {
    title: factor.name ?? texts.say(`manage.kind.${factor.kind}`),
    body: (
      <>
        <BackToList page={page} />
        <h1>{factorName(texts, factor)}</h1>
        <Facts page={page} factor={factor} />
        <Rename page={page} factor={factor} isRefused={said === 'name_unusable'} />
        <Form page={page} to={`${removalPath(factor.id)}/begin`} class="part">
          <button class="link grave">{texts.say('manage.remove')}</button>
        </Form>
      </>
    ),
  };
}

export function BackToList({ page }: { readonly page: Page }) {
  return (
    <p class="upward">
      <a class="link" href={pathOf(page, 'manage')}>
        {page.texts.say('manage.back')}
      </a>
    </p>
  );
}

function Facts({ page: { texts }, factor }: Props) {
  const facts = [
    factor.name !== null && texts.say(`manage.kind.${factor.kind}`),
    factor.number !== null && <bdi dir="ltr">{factor.number}</bdi>,
    factor.remaining !== undefined &&
      texts.say('manage.recovery.left', { count: factor.remaining }),
    texts.weave('manage.added', {
      time: <When texts={texts} time={factor.addedAt} now={factor.now} />,
    }),
    lastUse(texts, factor, factor.now),
  ];
  return (
    <ul class="plain facts">
      {facts
        .filter((fact) => fact !== false)
        .map((fact, at) => (
          <li key={at}>{fact}</li>
        ))}
    </ul>
  );
}

function Rename({ page, factor, isRefused }: Props & { readonly isRefused: boolean }) {
  const { texts } = page;
  return (
    <>
      {isRefused && <Alert id="notice">{texts.say('manage.said.name_unusable')}</Alert>}
      <Form page={page} to={`manage/factor/${factor.id}/name`}>
        <label for="name">{texts.say('manage.name')}</label>
        <input
          id="name"
          name="name"
          class="field"
          type="text"
          value={factor.name ?? texts.say(`manage.kind.${factor.kind}`)}
          maxLength={64}
          autocomplete="off"
          enterkeyhint="done"
          dir="auto"
          required
          aria-invalid={isRefused ? 'true' : undefined}
          aria-describedby={isRefused ? 'notice' : undefined}
        />
        <button class="button">{texts.say('manage.rename')}</button>
      </Form>
    </>
  );
}
