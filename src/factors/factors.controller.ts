import { Controller, Delete, Get, Header, Headers, HttpCode, Patch } from '@nestjs/common';
import {
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import { ValidBody, ValidId, ValidParam } from '../input.js';
import { qrPng, qrSvg, qrText } from '../otp/qr-code.js';
import { userId } from '../users/user.js';
import * as schemas from './factors.schemas.js';
import { FactorsService } from './factors.service.js';
import { factorView } from './factors.views.js';
import { PROOF_HEADER, Removal } from './removal.js';

@ApiTags('factors')
@Controller('v1')
export class FactorsController {
  constructor(
    private readonly factors: FactorsService,
    private readonly removal: Removal,
    private readonly clock: Clock,
  ) {}

  @Get('users/:user_id/factors')
  @Scopes('enrol', 'verify')
  @ApiOperation({ summary: 'List a user’s factors' })
  @ApiOkResponse({ standardSchema: schemas.factorList })
  async listFactors(@CurrentCaller() caller: Caller, @ValidParam('user_id', userId) user: string) {
    const factors = await this.factors.list(caller.application.realmId, user);
    return { data: factors.map((factor) => factorView(factor, this.clock.now())) };
  }

  @Get('factors/:id')
  @Scopes('enrol', 'verify')
  @ApiOperation({ summary: 'Show a factor' })
  @ApiOkResponse({ standardSchema: schemas.factor })
  async getFactor(@CurrentCaller() caller: Caller, @ValidId('fac') id: string) {
    return factorView(await this.factors.get(caller, id), this.clock.now());
  }

  @Get('factors/:id/qr.svg')
  @Scopes('enrol')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'image/svg+xml; charset=utf-8')
  @ApiOperation({ summary: 'The QR code of a pending factor' })
  @ApiProduces('image/svg+xml')
  @ApiOkResponse({ schema: { type: 'string' } })
  async factorQrSvg(@CurrentCaller() caller: Caller, @ValidId('fac') id: string) {
    return qrSvg(this.factors.reveal(await this.factors.get(caller, id)).uri);
  }

  @Get('factors/:id/qr.png')
  @Scopes('enrol')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'image/png')
  @ApiOperation({ summary: 'The QR code of a pending factor' })
  @ApiProduces('image/png')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async factorQrPng(@CurrentCaller() caller: Caller, @ValidId('fac') id: string) {
    return qrPng(this.factors.reveal(await this.factors.get(caller, id)).uri);
  }

  @Get('factors/:id/qr.txt')
  @Scopes('enrol')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({ summary: 'The QR code of a pending factor, to scan from a terminal' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  async factorQrText(@CurrentCaller() caller: Caller, @ValidId('fac') id: string) {
    return qrText(this.factors.reveal(await this.factors.get(caller, id)).uri);
  }

  @Patch('factors/:id')
  @Scopes('enrol')
  @ApiOperation({ summary: 'Rename a factor' })
  @ApiOkResponse({ standardSchema: schemas.factor })
  async renameFactor(
    @CurrentCaller() caller: Caller,
    @ValidId('fac') id: string,
    @ValidBody(schemas.renameBody) { name }: { name: string },
  ) {
    return factorView(await this.factors.rename(caller, id, name), this.clock.now());
  }

  @Delete('factors/:id')
  @Scopes('enrol')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a factor' })
  @ApiHeader({
    name: 'Watchword-Proof',
    required: false,
    description: 'A fresh access token of the user, where the application asks for one.',
  })
  @ApiNoContentResponse()
  async revokeFactor(
    @CurrentCaller() caller: Caller,
    @ValidId('fac') id: string,
    @Headers(PROOF_HEADER) proof: string | undefined,
  ): Promise<void> {
    await this.removal.remove(caller, id, proof);
  }
}
