import { Controller, Get, HttpCode, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Open } from '../../applications/access.js';
import type { Caller } from '../../applications/application.js';
import { isLocal, originAsked } from '../../applications/local-request.js';
import { CONFIG, type Config } from '../../config.js';
import { WatchwordError } from '../../errors.js';
import { ValidBody } from '../../input.js';
import { renderPage } from '../render.js';
import { developerSetting } from '../workshop.js';
import { Demonstration } from './demonstration.js';
import { Tour } from './tour.js';
import { TourState } from './tour-state.js';
import { Tries } from './try-it.guard.js';
import { tryItContent } from './try-it.page.js';
import { formTokenFor, VisitorCookie, type Visitor } from './visitor.js';

const codeBody = z.object({ code: z.string().max(256).default('') });
const phoneBody = z.object({ phone: z.string().max(64).default('') });

/** For programs, for everybody who is not at this machine, and in production. */
const pointer = {
  service: 'Watchword',
  docs: '/docs',
  openapi: '/openapi.json',
  ready: '/health/ready',
  jwks: '/.well-known/jwks.json',
};

type Step = (caller: Caller, visitor: Visitor) => Promise<Visitor>;

/** What stands at `/`: a page to try the service out on, or where to find the rest. */
@ApiExcludeController()
@Controller()
export class TryItController {
  constructor(
    private readonly demonstration: Demonstration,
    private readonly tour: Tour,
    private readonly state: TourState,
    private readonly cookie: VisitorCookie,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  @Get()
  @Open()
  async show(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { publicUrl } = this.config;
    const { accept, cookie } = request.headers;
    const isWanted = accept?.includes('text/html') === true;
    if (!this.demonstration.isShown || !isWanted || !isLocal(request, publicUrl)) return pointer;
    const visitor = this.cookie.read(cookie) ?? this.cookie.begin();
    const demonstrator = await this.demonstration.open(request.id);
    const view = await this.state.of(demonstrator, visitor);
    void reply.headers({ 'Set-Cookie': this.cookie.line(visitor), Vary: 'Accept' });
    const asking = { origin: originAsked(request, publicUrl), key: demonstrator.key };
    const content = tryItContent({ view, asking, formToken: formTokenFor(visitor) });
    return renderPage(reply, developerSetting, content);
  }

  @Tries('try-it/enrol')
  @HttpCode(303)
  enrol(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.take(request, reply, '/#enrol', (caller, visitor) =>
      this.tour.enrol(caller, visitor),
    );
  }

  @Tries('try-it/code', 'code')
  @HttpCode(303)
  code(
    @ValidBody(codeBody) { code }: z.output<typeof codeBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.take(request, reply, '/#login', (caller, visitor) =>
      this.tour.code(caller, visitor, code),
    );
  }

  @Tries('try-it/phone', 'phone')
  @HttpCode(303)
  phone(
    @ValidBody(phoneBody) { phone }: z.output<typeof phoneBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.take(request, reply, '/#phone', (caller, visitor) =>
      this.tour.phone(caller, visitor, phone),
    );
  }

  @Tries('try-it/sms', 'code')
  @HttpCode(303)
  sms(
    @ValidBody(codeBody) { code }: z.output<typeof codeBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.take(request, reply, '/#phone', (caller, visitor) =>
      this.tour.sms(caller, visitor, code),
    );
  }

  @Tries('try-it/reset')
  @HttpCode(303)
  reset(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.take(request, reply, '/', () => Promise.resolve(this.cookie.begin()));
  }

  /** Does a step and leads back to the page: to the token where there is a new one, else to the step. */
  private async take(
    { visitor, id }: FastifyRequest,
    reply: FastifyReply,
    back: string,
    step: Step,
  ): Promise<void> {
    if (visitor === undefined) throw new WatchwordError('cross_site_refused');
    const { caller } = await this.demonstration.open(id);
    const after = await step(caller, visitor);
    const isNew = after.token !== undefined && after.token !== visitor.token;
    void reply.headers({
      'Cache-Control': 'no-store',
      'Set-Cookie': this.cookie.line(after),
      Location: isNew ? '/#token' : back,
    });
  }
}
