import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { z } from 'zod';
import { Open } from '../applications/access.js';
import { Realms } from '../applications/realms.js';
import { WatchwordError } from '../errors.js';
import { ValidParam } from '../input.js';
import { assetOf } from './assets.js';

const name = z.string().max(100);
/** Its address changes with it. */
const FOR_GOOD = 'public, max-age=31536000, immutable';
/** An SVG that somebody opens by itself runs nothing and loads nothing. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** What pages are made of, and what is the same for everybody. */
@ApiExcludeController()
@Controller('p')
export class AssetsController {
  constructor(private readonly realms: Realms) {}

  @Get('assets/:name')
  @Open()
  asset(
    @ValidParam('name', name) served: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asset = assetOf(served);
    if (asset === undefined) throw new WatchwordError('not_found');
    void reply.headers({
      'Content-Type': asset.type,
      'Cache-Control': FOR_GOOD,
      Vary: 'Accept-Encoding',
    });
    if (new Negotiator(request).encoding(['gzip', 'identity']) !== 'gzip') return asset.content;
    void reply.header('Content-Encoding', 'gzip');
    return asset.packed;
  }

  @Get('logo/:realm/:version')
  @Open()
  async logo(
    @ValidParam('realm', name) realm: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const logo = await this.realms.logo(realm);
    if (logo === undefined) throw new WatchwordError('not_found');
    void reply.headers({
      'Content-Type': logo.type,
      'Cache-Control': FOR_GOOD,
      'Content-Security-Policy': PICTURE_POLICY,
    });
    return Buffer.from(logo.picture);
  }
}
