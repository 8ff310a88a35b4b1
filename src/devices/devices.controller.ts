import { Controller, Delete, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { ValidBody, ValidId, ValidParam } from '../input.js';
import { userId } from '../users/user.js';
import * as schemas from './devices.schemas.js';
import { DevicesService } from './devices.service.js';
import { Recognising } from './recognising.js';

@ApiTags('devices')
@Controller('v1')
export class DevicesController {
  constructor(
    private readonly devices: DevicesService,
    private readonly recognising: Recognising,
  ) {}

  @Post('users/:user_id/devices/check')
  @Scopes('verify')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ask whether a device is remembered' })
  @ApiOkResponse({ standardSchema: schemas.checked })
  async checkDevice(
    @CurrentCaller() caller: Caller,
    @ValidParam('user_id', userId) user: string,
    @ValidBody(schemas.checkBody) { device_token: token }: { device_token: string },
  ) {
    return schemas.checkedView(await this.recognising.check(caller, user, token));
  }

  @Get('users/:user_id/devices')
  @Scopes('verify', 'admin')
  @ApiOperation({ summary: 'List a user’s remembered devices' })
  @ApiOkResponse({ standardSchema: schemas.deviceList })
  async listDevices(@CurrentCaller() caller: Caller, @ValidParam('user_id', userId) user: string) {
    return { data: (await this.devices.list(caller, user)).map(schemas.deviceView) };
  }

  @Delete('users/:user_id/devices')
  @Scopes('verify', 'admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget every device of a user' })
  @ApiNoContentResponse()
  async forgetDevices(
    @CurrentCaller() caller: Caller,
    @ValidParam('user_id', userId) user: string,
  ): Promise<void> {
    await this.devices.forgetAll(caller, user);
  }

  @Delete('devices/:id')
  @Scopes('verify', 'admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget a device' })
  @ApiNoContentResponse()
  async forgetDevice(@CurrentCaller() caller: Caller, @ValidId('dev') id: string): Promise<void> {
    await this.devices.forget(caller, id);
  }
}
