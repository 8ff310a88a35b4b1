import { Controller, Delete, Get, Header, HttpCode, Post, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentCaller, Scopes } from '../applications/access.js';
import type { Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import type { Challenge } from './challenge.js';
import { ValidBody, ValidId, ValidParam } from '../input.js';
import type { Issued } from '../sessions/sessions.service.js';
import { token } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import * as schemas from './challenges.schemas.js';
import {
  ChallengesService,
  type ChallengeRequest,
  type ResendRequest,
} from './challenges.service.js';
import { Verification, type VerifyChallengeRequest, type VerifyRequest } from './verification.js';

@ApiTags('verification')
@Controller('v1')
export class ChallengesController {
  constructor(
    private readonly challenges: ChallengesService,
    private readonly verification: Verification,
    private readonly clock: Clock,
  ) {}

  @Post('users/:user_id/verify')
  @Scopes('verify')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Verify a code in one call' })
  @ApiOkResponse({ standardSchema: token })
  verifyUser(
    @CurrentCaller() caller: Caller,
    @ValidParam('user_id', userId) user: string,
    @ValidBody(schemas.verifyBody) body: VerifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return handOver(reply, this.verification.byUser(caller, user, body));
  }

  @Post('challenges')
  @Scopes('verify', 'login')
  @ApiOperation({ summary: 'Open a challenge' })
  @ApiCreatedResponse({ standardSchema: schemas.challenge })
  async createChallenge(
    @CurrentCaller() caller: Caller,
    @ValidBody(schemas.challengeBody) body: ChallengeRequest,
  ) {
    return this.shown(caller, await this.challenges.create(caller, body));
  }

  @Get('challenges/:id')
  @Scopes('verify', 'login', 'enrol')
  @ApiOperation({ summary: 'Show a challenge' })
  @ApiOkResponse({ standardSchema: schemas.challenge })
  async getChallenge(@CurrentCaller() caller: Caller, @ValidId('chl') id: string) {
    return this.shown(caller, await this.challenges.get(caller, id));
  }

  @Post('challenges/:id/resend')
  @Scopes('verify', 'login', 'enrol')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send another code' })
  @ApiOkResponse({ standardSchema: schemas.challenge })
  async resendCode(
    @CurrentCaller() caller: Caller,
    @ValidId('chl') id: string,
    @ValidBody(schemas.resendBody) body: ResendRequest | undefined,
  ) {
    return this.shown(caller, await this.challenges.resend(caller, id, body ?? {}));
  }

  @Post('challenges/:id/verify')
  @Scopes('verify', 'login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Verify the answer to a challenge' })
  @ApiOkResponse({ standardSchema: token })
  verifyChallenge(
    @CurrentCaller() caller: Caller,
    @ValidId('chl') id: string,
    @ValidBody(schemas.verifyChallengeBody) body: VerifyChallengeRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return handOver(reply, this.verification.byChallenge(caller, id, body));
  }

  @Delete('challenges/:id')
  @Scopes('verify', 'login', 'enrol')
  @HttpCode(204)
  @ApiOperation({ summary: 'Cancel a challenge' })
  @ApiNoContentResponse()
  async cancelChallenge(
    @CurrentCaller() caller: Caller,
    @ValidId('chl') id: string,
  ): Promise<void> {
    await this.challenges.cancel(caller, id);
  }

  private async shown(caller: Caller, challenge: Challenge) {
    const delivery = await this.challenges.deliveryOf(caller, challenge);
    const options = await this.challenges.optionsOf(challenge);
    return schemas.challengeView(challenge, this.clock.now(), delivery, options);
  }
}

/** Answers with the token; the session's cookie, where there is one, stands in the header beside it. */
async function handOver(reply: FastifyReply, proved: Promise<Issued>) {
  const { token: earned, cookie } = await proved;
  if (cookie !== undefined) void reply.header('Set-Cookie', cookie);
  return earned;
}
