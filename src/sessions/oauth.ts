import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { scopes, type Scope } from '../applications/api-key.js';
import type { Caller } from '../applications/application.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import type { TokenAnswer } from '../tokens/access-tokens.js';
import { ClientTokens, type ClientTokenAnswer } from '../tokens/client-tokens.js';
import type { GrantBody, serverMetadata } from './oauth.schemas.js';
import { Refreshing } from './refreshing.js';

const refreshingScopes: readonly Scope[] = ['verify', 'login'];

/** What an OAuth library asks for by itself, when it is told the issuer and a credential and nothing else. */
@Injectable()
export class OAuth {
  constructor(
    private readonly refreshing: Refreshing,
    private readonly clientTokens: ClientTokens,
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'publicUrl' | 'tlsClientCa' | 'tlsClientCertHeader'>,
  ) {}

  /** RFC 8414. Nobody is authorized by redirection here, so there is no such endpoint and no response type. */
  metadata(): z.output<typeof serverMetadata> {
    const { publicUrl, tlsClientCa, tlsClientCertHeader } = this.config;
    const seesCertificates = tlsClientCa !== undefined || tlsClientCertHeader !== undefined;
    const authMethods = [
      'client_secret_basic',
      // RFC 8705 section 2: by a name that the authority vouches for, or by the certificate itself.
      ...(tlsClientCa === undefined ? [] : ['tls_client_auth']),
      ...(seesCertificates ? ['self_signed_tls_client_auth'] : []),
    ];
    const at = (path: string) => `${publicUrl.replace(/\/$/, '')}${path}`;
    return {
      issuer: publicUrl,
      jwks_uri: at('/.well-known/jwks.json'),
      token_endpoint: at('/v1/tokens'),
      token_endpoint_auth_methods_supported: authMethods,
      scopes_supported: [...scopes],
      grant_types_supported: ['client_credentials', 'refresh_token'],
      response_types_supported: [],
      introspection_endpoint: at('/v1/tokens/introspect'),
      introspection_endpoint_auth_methods_supported: authMethods,
      revocation_endpoint: at('/v1/tokens/revoke'),
      revocation_endpoint_auth_methods_supported: authMethods,
      tls_client_certificate_bound_access_tokens: seesCertificates,
      service_documentation: at('/docs'),
    };
  }

  /** @throws WatchwordError `grant_type_unsupported`, and what the grant throws */
  async grant(caller: Caller, body: GrantBody): Promise<TokenAnswer | ClientTokenAnswer> {
    switch (body.grant_type) {
      // RFC 6749 section 4.4, with the audience by either of its names.
      case 'client_credentials': {
        const { scope, audience, resource } = body;
        return this.clientTokens.issue(caller, { scope, audience: audience ?? resource });
      }
      // Section 6.
      case 'refresh_token': {
        if (!caller.scopes.some((scope) => refreshingScopes.includes(scope)))
          throw new WatchwordError('scope_missing', { scopes: refreshingScopes });
        if (body.refresh_token === undefined) throw missing('refresh_token');
        return this.refreshing.refresh(caller, body.refresh_token);
      }
      default:
        throw new WatchwordError('grant_type_unsupported');
    }
  }
}

function missing(path: string): WatchwordError {
  return new WatchwordError('invalid_request', { errors: [{ path, message: 'is needed' }] });
}
