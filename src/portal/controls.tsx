/** What pages are made of: forms, buttons, notices, times. page.css and scripts/page.js know their classes. */
import type { ComponentChildren } from 'preact';
import { FORM_TOKEN } from './form-token.js';
import type { Page } from './page.js';

interface FormProps {
  readonly page: Page;
  /** Where under the link's pages it goes, as `verify/code`. */
  readonly to: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A form of a link's page: with the token that shows that it is one of ours. */
export function Form({ page, to, children, class: classes }: FormProps) {
  return (
    <form method="post" action={pathOf(page, to)} class={classes}>
      <input type="hidden" name={FORM_TOKEN} value={page.formToken} />
      {children}
    </form>
  );
}

/** From what was begun on the pages to manage back to their list, with nothing of it left. */
export function BackToList({ page }: { readonly page: Page }) {
  return (
    <Form page={page} to="enrol/back" class="leaving">
      <button class="link quiet" formNoValidate>
        {page.texts.say('manage.back')}
      </button>
    </Form>
  );
}

/** The path of a page of this link. */
export function pathOf({ visit }: Page, to: string): string {
  return `/p/${visit.link.id}/${to}`;
}

/** Something that went wrong, or has to be known before anything else; screen readers say it first. */
export function Alert({ id, children }: { id?: string; children: ComponentChildren }) {
  return (
    <p class="alert" role="alert" id={id}>
      {children}
    </p>
  );
}

/**
 * How long until something, counted down by scripts/page.js. Seconds and not a time of day: the browser's clock
 * may be wrong, and the service does not know its zone.
 */
export function Countdown({ seconds }: { seconds: number }) {
  return (
    <time class="countdown" data-seconds={seconds} dateTime={`PT${seconds}S`} dir="ltr">
      {clockOf(seconds)}
    </time>
  );
}

/** `0:25`, `12:04`, `1:00:00`; scripts/page.js writes the same. */
export function clockOf(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown
    .map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0')))
    .join(':');
}

/** Whole seconds from one moment to another, at least nought. */
export function secondsUntil(then: Date, now: Date): number {
  return Math.max(0, Math.ceil((then.getTime() - now.getTime()) / 1000));
}

/**
 * What somebody else has written and a person will read, as a value of a transaction: signs that cannot be
 * seen, and those that turn other text around (UAX 9), are shown as such (S104).
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
