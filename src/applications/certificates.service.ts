import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { OperatorError } from '../errors.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { Scope } from './api-key.js';
import { ApplicationsService, operator } from './applications.service.js';
import { ApplicationsRepository } from './applications.repository.js';
import { bindingValue, LIVE_BINDINGS, type BindingKind } from './certificate-binding.js';
import { CertificatesRepository, type BindingSummary } from './certificates.repository.js';

/** The certificates that applications are told by, as an operator manages them. */
@Injectable()
export class CertificatesService {
  constructor(
    private readonly repository: CertificatesRepository,
    private readonly applications: ApplicationsService,
    private readonly rows: ApplicationsRepository,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Binds a certificate, or a name in certificates, to an application.
   *
   * @throws OperatorError if the application is unknown or has too many, if it is no such value, or if it is
   *   bound already
   */
  async add(applicationId: string, kind: BindingKind, text: string, scopes: readonly Scope[]) {
    const value = bindingValue(kind, text);
    if (value === undefined) throw new OperatorError(`"${text}" is ${shapes[kind]}.`);
    const application = await this.applications.known(applicationId);
    const id = newId('crt');
    await this.database.transaction(async (executor) => {
      await this.rows.lock(executor, applicationId);
      if ((await this.repository.countLive(executor, applicationId)) >= LIVE_BINDINGS)
        throw new OperatorError(
          `The application has ${LIVE_BINDINGS} live certificates already. Revoke one first: watchword certificates revoke.`,
        );
      const createdAt = this.clock.now();
      const binding = { id, applicationId, kind, value, scopes, createdAt };
      if (!(await this.repository.add(executor, binding)))
        throw new OperatorError(
          'An application is bound to it already, this one or another. Revoke that first: watchword certificates revoke.',
        );
      await this.audit.record(executor, operator(application), {
        type: 'certificate.bound',
        certificateId: id,
        kind,
        value,
        scopes,
      });
    });
    return { id, kind, value, scopes };
  }

  async list(applicationId: string): Promise<BindingSummary[]> {
    await this.applications.known(applicationId);
    return this.repository.list(applicationId);
  }

  /** @throws OperatorError if no live binding has that id */
  async revoke(id: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      const applicationId = await this.repository.revoke(executor, id, this.clock.now());
      if (applicationId === undefined)
        throw new OperatorError(
          `No live certificate has the id "${id}". See them with: watchword certificates list.`,
        );
      const application = await this.applications.known(applicationId, executor);
      await this.audit.record(executor, operator(application), {
        type: 'certificate.revoked',
        certificateId: id,
      });
    });
  }
}

const shapes = {
  thumbprint: 'no SHA-256 thumbprint; see one with: openssl x509 -noout -fingerprint -sha256',
  dns: 'no host name; asterisks are not taken',
  uri: 'no URI',
} as const;
