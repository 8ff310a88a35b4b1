import { z } from 'zod';
import { scopes } from '../applications/api-key.js';
import { Callers } from '../applications/callers.js';
import type { BindingKind } from '../applications/certificate-binding.js';
import { CertificatesService } from '../applications/certificates.service.js';
import { operation } from './operation.js';

const text = z.string().min(1).max(255);

/** The certificates that applications are told by. */
export const certificateOperations = {
  'certificates.add': operation(
    z
      .strictObject({
        application: text,
        thumbprint: text.optional(),
        dns: text.optional(),
        uri: z.string().min(1).max(2_000).optional(),
        scopes: z.array(z.enum(scopes)).min(1),
      })
      .refine(
        ({ thumbprint, dns, uri }) =>
          [thumbprint, dns, uri].filter((value) => value !== undefined).length === 1,
        'Say by what: one of --file, --thumbprint, --dns and --uri.',
      ),
    async (context, { application, scopes: granted, ...by }) => {
      const [kind, value] = Object.entries(by).find(([, given]) => given !== undefined) ?? [];
      const added = await context
        .get(CertificatesService)
        .add(application, kind as BindingKind, value ?? '', granted);
      context.get(Callers).forget();
      return added;
    },
  ),
  'certificates.list': operation(z.strictObject({ application: text }), (context, input) =>
    context.get(CertificatesService).list(input.application),
  ),
  'certificates.revoke': operation(z.strictObject({ id: text }), async (context, { id }) => {
    await context.get(CertificatesService).revoke(id);
    context.get(Callers).forget();
    return { revoked: id };
  }),
} as const;
