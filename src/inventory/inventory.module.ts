import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { HardwareTokensModule } from '../hardware-tokens/hardware-tokens.module.js';
import { Exports } from './exports.js';
import { ExportsRepository } from './exports.repository.js';
import { Imports } from './imports.js';
import { ImportsController } from './imports.controller.js';
import { ImportsRepository } from './imports.repository.js';
import { InventoryController } from './inventory.controller.js';
import { Inventory } from './inventory.service.js';

@Module({
  imports: [AuditModule, FactorsModule, HardwareTokensModule],
  providers: [Exports, ExportsRepository, Imports, ImportsRepository, Inventory],
  controllers: [ImportsController, InventoryController],
  exports: [Exports, Imports, Inventory],
})
export class InventoryModule {}
