import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CONFIG, type Config } from '../../config.js';
import { sha256 } from '../../crypto/digest.js';
import { Envelope } from '../../crypto/envelope.js';
import { randomToken } from '../../crypto/random.js';
import { formTokenOf } from '../page.js';

const KEPT_SECONDS = 86_400;
/** The seal is bound to the cookie: no value of the database's opens here, and none from here there. */
const PLACE = { table: 'cookie', column: 'try_it', realmId: '*', rowId: '*' };

/** Which form a notice belongs to. */
const forms = ['enrol', 'code', 'phone', 'sms'] as const;
export type FormName = (typeof forms)[number];

const stored = z.object({
  id: z.string(),
  factorId: z.string().optional(),
  challengeId: z.string().optional(),
  number: z.string().optional(),
  token: z.string().optional(),
  notice: z
    .object({
      form: z.enum(forms),
      code: z.string(),
      attemptsLeft: z.number().optional(),
      until: z.string().optional(),
    })
    .optional(),
});

/** A browser that tries the service out, with how far it has come. Its id is a secret of the two. */
export type Visitor = z.infer<typeof stored>;

/** The user that a browser plays. */
export function userOf({ id }: Visitor): string {
  return `visitor-${sha256(`watchword/visitor/${id}`).toString('hex').slice(0, 8)}`;
}

/** What each form of the page brings along (S100). */
export function formTokenFor({ id }: Visitor): string {
  return formTokenOf(id);
}

/**
 * Where a visitor is remembered: in a cookie of the browser, sealed, so that trying out leaves no rows. The
 * weakness: cookies know no ports, so other services at the same host are sent it too; they cannot read it,
 * and what it is good for stands in a realm of its own.
 */
@Injectable()
export class VisitorCookie {
  private readonly isSecure: boolean;
  private readonly name: string;

  constructor(
    private readonly envelope: Envelope,
    @Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>,
  ) {
    this.isSecure = publicUrl.startsWith('https://');
    // As the pages of links: on http: not every browser takes the prefix.
    this.name = `${this.isSecure ? '__Host-' : ''}watchword-try-it`;
  }

  begin(): Visitor {
    return { id: randomToken() };
  }

  /** @returns undefined where there is none, or one that was sealed by somebody else */
  read(header: string | undefined): Visitor | undefined {
    const start = `${this.name}=`;
    const values = (header ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(start))
      .map((pair) => pair.slice(start.length));
    const [value] = values;
    if (values.length !== 1 || value === undefined) return undefined;
    try {
      const opened = this.envelope.open(Buffer.from(value, 'base64url'), PLACE);
      return stored.parse(JSON.parse(opened.toString()));
    } catch {
      // Of another database, or of another version: the browser begins anew.
      return undefined;
    }
  }

  /** The Set-Cookie line. */
  line(visitor: Visitor): string {
    const sealed = this.envelope.seal(Buffer.from(JSON.stringify(visitor)), PLACE);
    const secure = this.isSecure ? '; Secure' : '';
    return `${this.name}=${sealed.toString('base64url')}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${KEPT_SECONDS}${secure}`;
  }
}
