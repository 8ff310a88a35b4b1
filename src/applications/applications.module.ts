import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ApplicationsRepository } from './applications.repository.js';
import { ApplicationsService } from './applications.service.js';
import { Callers } from './callers.js';
import { CertificatesRepository } from './certificates.repository.js';
import { CertificatesService } from './certificates.service.js';
import { Realms } from './realms.js';
import { RelyingParties } from './relying-parties.js';

@Module({
  imports: [AuditModule],
  providers: [
    ApplicationsRepository,
    ApplicationsService,
    Callers,
    CertificatesRepository,
    CertificatesService,
    Realms,
    RelyingParties,
  ],
  exports: [ApplicationsService, Callers, CertificatesService, Realms, RelyingParties],
})
export class ApplicationsModule {}
