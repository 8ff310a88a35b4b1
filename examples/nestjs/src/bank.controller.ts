import { Body, Controller, Get, Post } from '@nestjs/common';
import type { UserToken } from 'watchword/verify';
import { Proof, RequireProof } from 'watchword/verify/nest';

/** Every route needs a token. */
@Controller()
@RequireProof()
export class BankController {
  @Get('account')
  account(@Proof() { userId, amr }: UserToken) {
    return { user: userId, proved_by: amr, balance: 100 };
  }

  /** And this one two factors, proved in the last minute. */
  @Post('transfers')
  @RequireProof({ acr: 'aal2', maxAgeSeconds: 60 })
  transfer(@Proof() { userId }: UserToken, @Body() { amount }: { amount: number }) {
    return { from: userId, amount };
  }
}
