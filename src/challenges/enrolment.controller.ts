import { Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import { enrolRequest } from '../factors/enrol-request.js';
import {
  activateBody,
  type ActivateBody,
  enrolBody,
  factor,
  resyncBody,
  type EnrolBody,
} from '../factors/factors.schemas.js';
import { factorView } from '../factors/factors.views.js';
import type { CodePair } from '../factors/method.js';
import { ValidBody, ValidId, ValidParam } from '../input.js';
import { userId } from '../users/user.js';
import { Enrolment } from './enrolment.js';
import { enrolledFactor, enrolledFactorView, firstCodeOf } from './enrolment.schemas.js';
import { Resync } from './resync.js';

@ApiTags('factors')
@Controller('v1')
export class EnrolmentController {
  constructor(
    private readonly enrolment: Enrolment,
    private readonly resync: Resync,
    private readonly clock: Clock,
  ) {}

  @Post('users/:user_id/factors')
  @Scopes('enrol')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Begin to enrol a factor' })
  @ApiCreatedResponse({ standardSchema: enrolledFactor })
  async enrolFactor(
    @CurrentCaller() caller: Caller,
    @ValidParam('user_id', userId) user: string,
    @ValidBody(enrolBody) body: EnrolBody,
  ) {
    const request = enrolRequest(caller, user, body);
    const enrolled = await this.enrolment.begin(caller, user, request, firstCodeOf(body));
    return enrolledFactorView(enrolled, this.clock.now());
  }

  @Post('factors/:id/activate')
  @Scopes('enrol')
  @HttpCode(200)
  @ApiOperation({ summary: 'Finish an enrolment by its first code or response' })
  @ApiOkResponse({ standardSchema: factor })
  async activateFactor(
    @CurrentCaller() caller: Caller,
    @ValidId('fac') id: string,
    @ValidBody(activateBody) answer: ActivateBody,
  ) {
    return factorView(await this.enrolment.activate(caller, id, answer), this.clock.now());
  }

  @Post('factors/:id/resync')
  @Scopes('enrol', 'verify')
  @HttpCode(200)
  @ApiOperation({ summary: 'Find a hardware token again by two codes in a row' })
  @ApiOkResponse({ standardSchema: factor })
  async resynchronise(
    @CurrentCaller() caller: Caller,
    @ValidId('fac') id: string,
    @ValidBody(resyncBody) { codes }: { codes: CodePair },
  ) {
    return factorView(await this.resync.resync(caller, id, codes), this.clock.now());
  }
}
