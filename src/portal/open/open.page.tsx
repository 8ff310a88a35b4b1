import type { Content } from '../render.js';
import type { Texts } from '../texts.js';

/** The page that a link leads to. Without JavaScript, or without the link's end, the link is pasted. */
export function openContent(texts: Texts): Content {
  return {
    title: texts.say('open.title'),
    scripts: ['open.js'],
    body: (
      <>
        <p class="opening" role="status" hidden>
          {texts.say('open.wait')}
        </p>
        <form method="post" action="/open" class="paste">
          <h1>{texts.say('open.title')}</h1>
          <p>{texts.say('open.text')}</p>
          <label for="token">{texts.say('open.label')}</label>
          <input id="token" name="token" class="field" autocomplete="off" dir="ltr" required />
          <button class="button">{texts.say('open.button')}</button>
        </form>
      </>
    ),
  };
}
