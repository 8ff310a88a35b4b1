import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DeviceTokens } from './device-token.js';
import { DevicesController } from './devices.controller.js';
import { DevicesMetrics } from './devices.metrics.js';
import { DevicesRepository } from './devices.repository.js';
import { DevicesService } from './devices.service.js';
import { OwnDevices } from './own-devices.js';
import { Recognising } from './recognising.js';

@Module({
  imports: [ApplicationsModule, AuditModule],
  providers: [
    DeviceTokens,
    DevicesMetrics,
    DevicesRepository,
    DevicesService,
    OwnDevices,
    Recognising,
  ],
  controllers: [DevicesController],
  exports: [DevicesMetrics, DevicesService, OwnDevices, Recognising],
})
export class DevicesModule {}
