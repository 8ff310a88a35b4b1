import { z } from 'zod';
import { clientToken, clientTokenBody, token } from '../tokens/tokens.schemas.js';
import { refreshBody } from './sessions.schemas.js';

const clientMembers = clientTokenBody.unwrap().shape;

/** What the token endpoint takes of the OAuth grants that there are here. */
export const grantBody = z
  .strictObject({
    grant_type: z.string().min(1).max(128),
    refresh_token: refreshBody.shape.refresh_token.optional(),
    scope: clientMembers.scope,
    audience: clientMembers.audience,
    resource: clientMembers.audience.meta({ description: 'Another name for it (RFC 8707).' }),
  })
  .meta({ id: 'GrantRequest' });

export type GrantBody = z.output<typeof grantBody>;

export const grantAnswer = z.union([token, clientToken]);

/** RFC 8414 section 2, as far as it is true here. */
export const serverMetadata = z
  .object({
    issuer: z.url(),
    jwks_uri: z.url(),
    token_endpoint: z.url(),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    scopes_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    introspection_endpoint: z.url(),
    introspection_endpoint_auth_methods_supported: z.array(z.string()),
    revocation_endpoint: z.url(),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    tls_client_certificate_bound_access_tokens: z.boolean(),
    service_documentation: z.url(),
  })
  .meta({ id: 'ServerMetadata' });
