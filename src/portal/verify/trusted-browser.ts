import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CONFIG, type Config } from '../../config.js';
import type { DeviceAnswer } from '../../devices/device.js';
import { OwnDevices } from '../../devices/own-devices.js';
import { Recognising } from '../../devices/recognising.js';
import type { Page } from '../page.js';
import { deviceCookies, type DeviceCookies } from './device-cookie.js';

/** What a browser brings to the proof of a factor. */
export interface Browser {
  /** The token by which it is known for this user. */
  readonly token: string | undefined;
  /** Whether the user says that it is theirs. */
  readonly isTrusted: boolean;
}

/** A browser that is known again by its cookie: for several users, a token each. */
@Injectable()
export class TrustedBrowser {
  private readonly cookies: DeviceCookies;

  constructor(
    private readonly devices: OwnDevices,
    private readonly recognising: Recognising,
    @Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>,
  ) {
    this.cookies = deviceCookies(publicUrl);
  }

  /** @param isTrusted whether the user has ticked that this browser is theirs */
  async of({ visit, cookies }: Page, isTrusted = false): Promise<Browser> {
    const { realmId, userId, applicationId } = visit.link;
    // Nobody yet: whose browser it is cannot be asked.
    if (userId === null) return { token: undefined, isTrusted };
    const tokens = this.cookies.tokensOf(cookies).flatMap((text) => {
      const presented = this.recognising.read(text);
      return presented === undefined ? [] : [presented];
    });
    return {
      token: (await this.devices.pick({ realmId, userId, applicationId }, tokens))?.text,
      isTrusted,
    };
  }

  /** Gives the browser its next token, in the place of the one that it has brought. */
  handOver(
    reply: FastifyReply,
    { cookies, frameOrigins }: Page,
    { token: before }: Browser,
    device: DeviceAnswer | undefined,
  ): void {
    if (device === undefined) return;
    const others = this.cookies.tokensOf(cookies).filter((token) => token !== before);
    const line = this.cookies.line([device.token, ...others], frameOrigins.length > 0);
    void reply.header('Set-Cookie', line);
  }
}
