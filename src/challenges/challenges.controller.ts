import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentCaller, Scopes } from '../applications/application.guard.js';
import type { Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import { IdPipe } from '../storage/id.pipe.js';
import { token } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import * as schemas from './challenges.schemas.js';
import { ChallengesService, type ChallengeRequest } from './challenges.service.js';
import { Verification, type VerifyRequest } from './verification.js';

@ApiTags('verification')
@Scopes('verify')
@Controller('v1')
export class ChallengesController {
  constructor(
    private readonly challenges: ChallengesService,
    private readonly verification: Verification,
    private readonly clock: Clock,
  ) {}

  @Post('users/:user_id/verify')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Verify a code in one call' })
  @ApiOkResponse({ standardSchema: token })
  verifyUser(
    @CurrentCaller() caller: Caller,
    @Param('user_id', { schema: userId }) user: string,
    @Body({ schema: schemas.verifyBody }) body: VerifyRequest,
  ) {
    return this.verification.byUser(caller, user, body);
  }

  @Post('challenges')
  @ApiOperation({ summary: 'Open a challenge' })
  @ApiCreatedResponse({ standardSchema: schemas.challenge })
  async create(
    @CurrentCaller() caller: Caller,
    @Body({ schema: schemas.challengeBody }) body: ChallengeRequest,
  ) {
    return schemas.challengeView(await this.challenges.create(caller, body), this.clock.now());
  }

  @Get('challenges/:id')
  @ApiOperation({ summary: 'Show a challenge' })
  @ApiOkResponse({ standardSchema: schemas.challenge })
  async get(@CurrentCaller() caller: Caller, @Param('id', new IdPipe('chl')) id: string) {
    return schemas.challengeView(await this.challenges.get(caller, id), this.clock.now());
  }

  @Post('challenges/:id/verify')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Verify the code of a challenge' })
  @ApiOkResponse({ standardSchema: token })
  verifyChallenge(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdPipe('chl')) id: string,
    @Body({ schema: schemas.verifyChallengeBody }) { code }: { code: string },
  ) {
    return this.verification.byChallenge(caller, id, code);
  }

  @Delete('challenges/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Cancel a challenge' })
  @ApiNoContentResponse()
  async cancel(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdPipe('chl')) id: string,
  ): Promise<void> {
    await this.challenges.cancel(caller, id);
  }
}
