import { plain } from '../controls.js';
import type { Texts } from '../texts.js';

interface TransactionProps {
  readonly texts: Texts;
  readonly transaction: Readonly<Record<string, unknown>>;
}

/**
 * What is being confirmed, all of it and as it is: the token is bound to the whole, so nothing is left out,
 * shortened or put into other words.
 */
export function Transaction({ texts, transaction }: TransactionProps) {
  return (
    <section class="transaction" aria-label={texts.say('verify.transaction')}>
      <dl>
        {entriesOf(transaction).map(([path, value]) => (
          <div key={path}>
            <dt>
              <bdi>{plain(path)}</bdi>
            </dt>
            <dd>
              <bdi>{plain(value)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The members with their names, those of members after the member's own: `payee › name`. */
export function entriesOf(value: unknown, path: readonly string[] = []): [string, string][] {
  if (typeof value !== 'object' || value === null)
    return [[path.join(' › '), typeof value === 'string' ? value : JSON.stringify(value)]];
  const members = Object.entries(value);
  if (members.length === 0) return [[path.join(' › '), JSON.stringify(value)]];
  return members.flatMap(([name, member]) =>
    entriesOf(member, [...path, Array.isArray(value) ? String(Number(name) + 1) : name]),
  );
}
