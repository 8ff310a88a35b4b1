import { Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CurrentCaller, Scopes } from '../applications/access.js';
import { auditContext, type Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { routeConfig, ValidBody } from '../input.js';
import { formatOf, readTokenFile, type FormatName } from '../token-files/formats.js';
import { TokenFileError, type Entry } from '../token-files/token-file.js';
import { Imports } from './imports.js';
import * as schemas from './imports.schemas.js';

@ApiTags('hardware tokens')
@Controller('v1/tokens-import')
export class ImportsController {
  constructor(
    private readonly imports: Imports,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Scopes('admin')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @routeConfig({ bodyBytes: schemas.IMPORT_BYTES })
  @ApiOperation({ summary: 'Import a file of tokens, or of what users used elsewhere' })
  @ApiOkResponse({ standardSchema: schemas.importReport })
  async importFile(
    @CurrentCaller() caller: Caller,
    @ValidBody(schemas.importBody) body: schemas.ImportBody,
  ): Promise<z.output<typeof schemas.importReport>> {
    const { format, entries } = await this.read(body);
    const { look_ahead: lookAhead, assign_users: assignUsers, dry_run: dryRun } = body;
    const options = { lookAhead, assignUsers, dryRun, format };
    const outcomes = await this.imports.importAll(auditContext(caller), entries, options);
    const rows = outcomes.map(schemas.rowView);
    return { format, dry_run: dryRun, ...schemas.countsOf(outcomes), rows };
  }

  private async read(
    body: schemas.ImportBody,
  ): Promise<{ format: FormatName; entries: readonly Entry[] }> {
    const { content, key, password, user_field: userField } = body;
    try {
      const format = body.format ?? formatOf(content);
      const options = { key, password, userField, mostRows: schemas.IMPORT_ROWS };
      const now = this.clock.now();
      return { format, entries: await readTokenFile(format, content, { ...options, now }) };
    } catch (error) {
      if (!(error instanceof TokenFileError)) throw error;
      throw new WatchwordError('invalid_request', {
        errors: [{ path: 'content', message: error.message }],
      });
    }
  }
}
