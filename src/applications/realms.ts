import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Audit, operatorOf } from '../audit/audit.js';
import { OperatorError } from '../errors.js';
import { Database } from '../storage/database.js';

/** How a realm looks on the hosted pages. */
export interface RealmLook {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb`; null: the pages' own. */
  readonly color: string | null;
  /** The language of those whose browser asks for none that there is. */
  readonly locale: string | null;
  /** Changes with the picture; null where there is none. */
  readonly logoVersion: string | null;
}

export interface Logo {
  readonly type: LogoType;
  readonly picture: Uint8Array;
}

/** What is left out stays, null takes it away. */
export interface LookRequest {
  readonly color?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly logo?: Uint8Array | null | undefined;
}

export const logoTypes = ['image/png', 'image/webp', 'image/svg+xml'] as const;
export type LogoType = (typeof logoTypes)[number];
/** A page with all its parts is to fit into 30 kB. */
export const LOGO_BYTES = 10_000;

/** Realms, as they look. */
@Injectable()
export class Realms {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  async look(id: string): Promise<RealmLook> {
    return this.looks().where('id', '=', id).executeTakeFirstOrThrow();
  }

  /** @returns undefined where the realm has none, or does not exist */
  async logo(id: string): Promise<Logo | undefined> {
    const row = await this.database.kysely
      .selectFrom('realms')
      .select(['logo', 'logo_type'])
      .where('id', '=', id)
      .executeTakeFirst();
    const { logo, logo_type: type } = row ?? {};
    return logo && type ? { picture: logo, type: type as LogoType } : undefined;
  }

  async list(): Promise<RealmLook[]> {
    return this.looks().orderBy('name').execute();
  }

  /** @throws OperatorError for a picture that is too large or no picture that pages show */
  async update(id: string, { color, locale, logo }: LookRequest): Promise<RealmLook> {
    const changes = {
      ...(color !== undefined && { color }),
      ...(locale !== undefined && { locale }),
      ...(logo !== undefined && { logo, logo_type: logo && logoTypeOf(logo) }),
    };
    if (Object.keys(changes).length > 0)
      await this.database.transaction(async (executor) => {
        await executor.updateTable('realms').set(changes).where('id', '=', id).execute();
        await this.audit.record(executor, operatorOf(id), {
          type: 'realm.look_changed',
          members: Object.keys(changes).filter((name) => name !== 'logo_type'),
        });
      });
    return this.look(id);
  }

  private looks() {
    return this.database.kysely
      .selectFrom('realms')
      .select([
        'id',
        'name',
        'color',
        'locale',
        sql<string | null>`left(encode(sha256(logo), 'hex'), 16)`.as('logoVersion'),
      ]);
  }
}

/** What a picture is by its first bytes, whatever its file was called. */
function logoTypeOf(picture: Uint8Array): LogoType {
  if (picture.length > LOGO_BYTES)
    throw new OperatorError(
      `The logo has ${picture.length} bytes, more than ${LOGO_BYTES}. Make it smaller: an SVG, or a PNG of 80 pixels' height.`,
    );
  const bytes = Buffer.from(picture);
  if (bytes.subarray(0, 8).equals(PNG)) return 'image/png';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP')
    return 'image/webp';
  if (/^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*<svg[\s>]/.test(bytes.toString('utf8')))
    return 'image/svg+xml';
  throw new OperatorError('The logo is no PNG, WebP or SVG picture. Give one of these.');
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
