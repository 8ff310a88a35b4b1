import { Alert, Form, pathOf } from '../controls.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';
import { scriptsOf, Verifying } from '../verify/verify.page.js';
import type { VerifyView } from '../verify/verify-state.js';
import { factorName } from './manage.page.js';
import type { RemovalView } from './manage-state.js';
import type { Said } from './managing.js';

/** Where a factor is removed. */
export function removalPath(id: string): string {
  return `manage/factor/${id}/remove`;
}

interface Props {
  readonly page: Page;
  readonly removal: RemovalView;
}

/** Who wants it: the step of the verify page, here. */
export function proofContent(page: Page, removal: RemovalView, view: VerifyView): Content {
  const { texts } = page;
  return {
    title: texts.say('verify.title'),
    scripts: scriptsOf(view),
    body: (
      <>
        <h1>{texts.say('verify.title')}</h1>
        <p>
          {texts.weave('manage.remove.prove', {
            name: <strong>{factorName(texts, removal.factor)}</strong>,
          })}
        </p>
        <Verifying page={page} view={view} to={removalPath(removal.factor.id)} />
        <Keep page={page} removal={removal} />
      </>
    ),
  };
}

/** Whether it is meant; for the last one with what that means. */
export function removalContent(page: Page, removal: RemovalView, said: Said | undefined): Content {
  const { texts } = page;
  const { factor, isLast } = removal;
  return {
    title: texts.say('manage.remove'),
    body: (
      <>
        <h1>{texts.weave('manage.remove.title', { name: factorName(texts, factor) })}</h1>
        <p>{texts.say('manage.remove.text')}</p>
        <Form page={page} to={`${removalPath(factor.id)}/confirm`}>
          {isLast && <LastOne page={page} isMissed={said === 'not_understood'} />}
          <button class="button grave">{texts.say('manage.remove.button')}</button>
        </Form>
        <Keep page={page} removal={removal} />
      </>
    ),
  };
}

function LastOne({
  page: { texts },
  isMissed,
}: {
  readonly page: Page;
  readonly isMissed: boolean;
}) {
  return (
    <>
      <Alert id="last">{texts.say('manage.remove.last')}</Alert>
      <label class="check">
        <input
          type="checkbox"
          name="understood"
          value="yes"
          required
          aria-describedby="last"
          aria-invalid={isMissed ? 'true' : undefined}
        />
        <span>{texts.say('manage.remove.understood')}</span>
      </label>
    </>
  );
}

function Keep({ page, removal: { factor } }: Props) {
  return (
    <p class="leaving">
      <a class="link quiet" href={pathOf(page, `manage/factor/${factor.id}`)}>
        {page.texts.say('manage.remove.keep')}
      </a>
    </p>
  );
}
