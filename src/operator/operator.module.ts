import { Module, type DynamicModule } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { BypassCodesModule } from '../bypass-codes/bypass-codes.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { InventoryModule } from '../inventory/inventory.module.js';
import { GroundModule } from '../ground.module.js';
import type { Ground } from '../ground.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';

/** What the operations need, without the HTTP around it. */
@Module({
  imports: [
    ApplicationsModule,
    AuditModule,
    BypassCodesModule,
    DeliveryModule,
    UsersModule,
    FactorsModule,
    InventoryModule,
    TokensModule,
  ],
})
export class OperatorModule {
  static on(ground: Ground): DynamicModule {
    return { module: OperatorModule, imports: [GroundModule.on(ground)] };
  }
}
