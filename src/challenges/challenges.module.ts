import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { HardwareTokensModule } from '../hardware-tokens/hardware-tokens.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { BypassCodesModule } from '../bypass-codes/bypass-codes.module.js';
import { AttemptsRepository } from './attempts.repository.js';
import { BypassAttemptsRepository } from './bypass-attempts.repository.js';
import { BypassProof } from './bypass.proof.js';
import { ChallengesController } from './challenges.controller.js';
import { ChallengesRepository } from './challenges.repository.js';
import { ChallengesService } from './challenges.service.js';
import { DeviceProofs } from './device.proof.js';
import { Enrolment } from './enrolment.js';
import { EnrolmentController } from './enrolment.controller.js';
import { KeyChallenges } from './key-challenges.js';
import { KeyProofsRepository } from './key-proofs.repository.js';
import { KnownDevices } from './known-devices.js';
import { Notices } from './notices.js';
import { PhoneChallenges } from './phone-challenges.js';
import { PhoneProof } from './phone.proof.js';
import { ProofKinds } from './proof-kinds.js';
import { ProofsMetrics } from './proofs.metrics.js';
import { RecoveryAttemptsRepository } from './recovery-attempts.repository.js';
import { RecoveryProof } from './recovery.proof.js';
import { Resync } from './resync.js';
import { Sending } from './sending.js';
import { SentCodes } from './sent-codes.js';
import { Verification } from './verification.js';
import { WebauthnProof } from './webauthn.proof.js';

@Module({
  imports: [
    AuditModule,
    BypassCodesModule,
    DeliveryModule,
    DevicesModule,
    FactorsModule,
    HardwareTokensModule,
    SessionsModule,
    TokensModule,
  ],
  providers: [
    AttemptsRepository,
    BypassAttemptsRepository,
    BypassProof,
    ChallengesRepository,
    ChallengesService,
    DeviceProofs,
    Enrolment,
    KeyChallenges,
    KeyProofsRepository,
    KnownDevices,
    Notices,
    PhoneChallenges,
    PhoneProof,
    ProofKinds,
    ProofsMetrics,
    RecoveryAttemptsRepository,
    RecoveryProof,
    Resync,
    Sending,
    SentCodes,
    Verification,
    WebauthnProof,
  ],
  controllers: [ChallengesController, EnrolmentController],
  exports: [ChallengesService, Enrolment, KnownDevices, ProofsMetrics, Verification],
})
export class ChallengesModule {}
