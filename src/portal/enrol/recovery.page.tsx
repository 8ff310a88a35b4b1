import type { NewRecoverySet } from '../../factors/recovery-sets.js';
import { BackToList, Form, plain } from '../controls.js';
import { dayOf } from '../manage/when.js';
import type { Page } from '../page.js';
import type { Content } from '../render.js';

/** A set of recovery codes as it is shown, this once: to be written down, printed, or kept in a file. */
export function recoveryContent(page: Page, { factor, codes }: NewRecoverySet): Content {
  const { texts, visit } = page;
  const application = plain(visit.caller.application.name);
  // Of two papers the younger one is good.
  const whose = `${application} · ${dayOf(texts.locale, factor.createdAt)}`;
  const title = texts.say('manage.kind.recovery');
  // Without a script, and without the codes coming back here: the file is in the link.
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(fileOf(whose, codes))}`;
  return {
    title,
    scripts: ['print.js'],
    body: (
      <>
        <h1>{title}</h1>
        <p class="printed">{whose}</p>
        <p>{texts.say('enrol.recovery.text')}</p>
        <ol class="plain codes" translate={false}>
          {codes.map((code) => (
            <li key={code}>
              <code class="secret" dir="ltr">
                {code}
              </code>
            </li>
          ))}
        </ol>
        <p>
          <a class="button second" href={file} download="recovery-codes.txt">
            {texts.say('enrol.recovery.download')}
          </a>
          <button class="button second" type="button" data-prints hidden>
            {texts.say('enrol.recovery.print')}
          </button>
        </p>
        {visit.link.purpose === 'manage' ? (
          <BackToList page={page} />
        ) : (
          <Form page={page} to="enrol/done">
            <button class="button" name="next" value="leave">
              {texts.say('enrol.done.continue', { application })}
            </button>
          </Form>
        )}
      </>
    ),
  };
}

function fileOf(whose: string, codes: readonly string[]): string {
  return `${whose}\n\n${codes.join('\n')}\n`;
}
