import { Controller, Delete, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CurrentCaller, Scopes } from '../applications/access.js';
import { auditContext, type Caller } from '../applications/application.js';
import { ValidId, ValidQuery } from '../input.js';
import * as schemas from './inventory.schemas.js';
import { Inventory } from './inventory.service.js';

@ApiTags('hardware tokens')
@Controller('v1/hardware-tokens')
export class InventoryController {
  constructor(private readonly inventory: Inventory) {}

  @Get()
  @Scopes('admin')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'List the realm’s hardware tokens, by serial' })
  @ApiOkResponse({ standardSchema: schemas.hardwareTokenPage })
  async list(
    @CurrentCaller() caller: Caller,
    @ValidQuery(schemas.listQuery) query: z.output<typeof schemas.listQuery>,
  ) {
    const { tokens, next } = await this.inventory.page(caller.application.realmId, query);
    return { data: tokens.map(schemas.tokenView), next };
  }

  @Get(':id')
  @Scopes('admin')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Show a hardware token' })
  @ApiOkResponse({ standardSchema: schemas.hardwareToken })
  async get(@CurrentCaller() caller: Caller, @ValidId('hwt') id: string) {
    return schemas.tokenView(await this.inventory.get(caller.application.realmId, id));
  }

  @Post(':id/return')
  @Scopes('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put a token back into stock that is there again; its factor ends' })
  @ApiOkResponse({ standardSchema: schemas.hardwareToken })
  async putBack(@CurrentCaller() caller: Caller, @ValidId('hwt') id: string) {
    return schemas.tokenView(await this.inventory.putBack(auditContext(caller), id));
  }

  @Post(':id/lost')
  @Scopes('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Mark a token as lost; its factor ends' })
  @ApiOkResponse({ standardSchema: schemas.hardwareToken })
  async markLost(@CurrentCaller() caller: Caller, @ValidId('hwt') id: string) {
    return schemas.tokenView(await this.inventory.markLost(auditContext(caller), id));
  }

  @Delete(':id')
  @Scopes('admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a token out of the inventory for good' })
  @ApiNoContentResponse()
  async delete(@CurrentCaller() caller: Caller, @ValidId('hwt') id: string): Promise<void> {
    await this.inventory.delete(auditContext(caller), id);
  }
}
