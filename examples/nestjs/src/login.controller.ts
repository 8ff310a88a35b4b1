import {
  Body,
  Controller,
  HttpCode,
  HttpException,
  Inject,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { WatchwordError, type Client } from 'watchword/client';
import { WATCHWORD } from './watchword.js';

interface Login {
  readonly user: string;
  readonly password: string;
  readonly code: string;
}

/** Stands for your own users and your own check of their passwords. */
const passwords = new Map([['alice', 'wonderland']]);

@Controller()
export class LoginController {
  constructor(@Inject(WATCHWORD) private readonly watchword: Client) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body() { user, password, code }: Login) {
    if (!passwords.has(user) || passwords.get(user) !== password) throw new UnauthorizedException();
    try {
      // The password was checked here, so the token says two factors: "acr": "aal2".
      const token = await this.watchword.verifyUser({
        user_id: user,
        code,
        first_factor: ['pwd'],
      });
      return { access_token: token.access_token, expires_in: token.expires_in };
    } catch (error) {
      // A wrong code, a lockout: what Watchword says is fit to be passed on.
      if (error instanceof WatchwordError && error.problem !== undefined)
        throw new HttpException(error.problem, error.status ?? 502);
      throw error;
    }
  }
}
