import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { HardwareTokensModule } from '../hardware-tokens/hardware-tokens.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { Activation } from './activation.js';
import { CodeMethods } from './code-methods.js';
import { CredentialsRepository } from './credentials.repository.js';
import { Enrolling } from './enrolling.js';
import { FactorImport } from './factor-import.js';
import { FactorsController } from './factors.controller.js';
import { FactorsMetrics } from './factors.metrics.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { HotpMethod } from './hotp.method.js';
import { KeyActivation } from './key-activation.js';
import { PhoneMethod } from './phone.method.js';
import { RecoveryCodeMethod } from './recovery-code.method.js';
import { RecoverySets } from './recovery-sets.js';
import { Removal } from './removal.js';
import { SecurityKeys } from './security-keys.js';
import { TotpMethod } from './totp.method.js';
import { WebauthnMethod } from './webauthn.method.js';

@Module({
  imports: [
    ApplicationsModule,
    AuditModule,
    DeliveryModule,
    DevicesModule,
    HardwareTokensModule,
    SessionsModule,
    TokensModule,
    UsersModule,
  ],
  providers: [
    Activation,
    CodeMethods,
    CredentialsRepository,
    Enrolling,
    FactorImport,
    FactorsMetrics,
    FactorsRepository,
    FactorsService,
    HotpMethod,
    KeyActivation,
    PhoneMethod,
    RecoveryCodeMethod,
    RecoverySets,
    Removal,
    SecurityKeys,
    TotpMethod,
    WebauthnMethod,
  ],
  controllers: [FactorsController],
  exports: [
    Activation,
    CodeMethods,
    Enrolling,
    FactorImport,
    FactorsMetrics,
    FactorsService,
    KeyActivation,
    PhoneMethod,
    RecoveryCodeMethod,
    RecoverySets,
    SecurityKeys,
  ],
})
export class FactorsModule {}
