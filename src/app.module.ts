/**
 * The map. How a login flows:
 *
 *   http/server.ts                    limits, headers, one strict JSON parser
 *   http/lifecycle                    the hooks of every request, in order:
 *     http/admission                    whose API key is it? the realm follows from that; may it ask this?
 *     http/limits                       rate of the application
 *     http/idempotency                  Idempotency-Key
 *   challenges/challenges.controller  one statement a route
 *   challenges/sending                a phone's code: shield, challenge, message, in one transaction
 *   delivery/dispatcher               carries the message, after the commit
 *   challenges/verification           THE FLOW, a line a step:
 *     attempts.charge                   the attempt is charged, committed
 *     challenges/*.proof                the code is compared
 *     attempts.consume                  the code is used up, the challenge done, the audit written
 *     tokens/access-tokens              the JWT is signed
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { ApplicationsModule } from './applications/applications.module.js';
import { BypassCodesModule } from './bypass-codes/bypass-codes.module.js';
import { ChallengesModule } from './challenges/challenges.module.js';
import { DeliveryModule } from './delivery/delivery.module.js';
import { DevicesModule } from './devices/devices.module.js';
import { FactorsModule } from './factors/factors.module.js';
import { GroundModule } from './ground.module.js';
import type { Ground } from './ground.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { InventoryModule } from './inventory/inventory.module.js';
import { LinksModule } from './links/links.module.js';
import { PortalModule } from './portal/portal.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    ApplicationsModule,
    UsersModule,
    DeliveryModule,
    FactorsModule,
    InventoryModule,
    TokensModule,
    SessionsModule,
    DevicesModule,
    BypassCodesModule,
    ChallengesModule,
    LinksModule,
    PortalModule,
    HttpModule,
    HealthModule,
  ],
})
export class AppModule {
  static on(ground: Ground): DynamicModule {
    return { module: AppModule, imports: [GroundModule.on(ground)] };
  }
}
