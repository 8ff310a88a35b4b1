import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Config } from '../config.js';
import type { ClientTrust } from './client-trust.js';

type TlsConfig = Pick<
  Config,
  'tlsCert' | 'tlsKey' | 'tlsClientCa' | 'tlsClientCrl' | 'tlsClientCertHeader'
>;

interface Texts {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
  readonly crl: string | undefined;
}

interface Material {
  /** For the server's connections; undefined where somebody else ends TLS. */
  readonly context: SecureContextOptions | undefined;
  /** Undefined where nobody shows certificates. */
  readonly trust: ClientTrust | undefined;
}

/** The files of the configuration cannot be used; the message names the variable. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

const nothing: Material = { context: undefined, trust: undefined };

/** The PEM files of the configuration, as they were when they were last good. */
export class TlsFiles {
  private material = nothing;
  /** What was last read, good or bad. */
  private seen = '';
  private readonly listeners: ((context: SecureContextOptions) => void)[] = [];

  private constructor(private readonly config: TlsConfig) {}

  /** @throws TlsFileError */
  static async open(config: TlsConfig): Promise<TlsFiles> {
    const files = new TlsFiles(config);
    await files.reload();
    return files;
  }

  /** For those who take no connections. */
  static closed(config: TlsConfig): TlsFiles {
    return new TlsFiles(config);
  }

  get context(): SecureContextOptions | undefined {
    return this.material.context;
  }

  get trust(): ClientTrust | undefined {
    return this.material.trust;
  }

  onChange(listener: (context: SecureContextOptions) => void): void {
    this.listeners.push(listener);
  }

  /**
   * Reads the files again, and where one has changed takes all of them; what was good stays until then. Two
   * files that belong together are rarely replaced at one moment: what does not fit now is tried again as
   * soon as anything changes.
   *
   * @returns whether anything was taken
   * @throws TlsFileError where it has changed for the worse, once for each change
   */
  async reload(): Promise<boolean> {
    const { tlsCert, tlsKey, tlsClientCa, tlsClientCrl } = this.config;
    const read = await Promise.all([
      textOf('WATCHWORD_TLS_CERT', tlsCert),
      textOf('WATCHWORD_TLS_KEY', tlsKey),
      textOf('WATCHWORD_TLS_CLIENT_CA', tlsClientCa),
      textOf('WATCHWORD_TLS_CLIENT_CRL', tlsClientCrl),
    ]);
    const seen = JSON.stringify(read.map((one) => (one instanceof Error ? one.message : one)));
    if (seen === this.seen) return false;
    this.seen = seen;
    const [cert, key, ca, crl] = read.map((one) => {
      if (one instanceof Error) throw one;
      return one;
    });
    const context = contextOf({ cert, key, ca, crl });
    this.material = { context, trust: await this.trustOf({ cert, key, ca, crl }) };
    if (context !== undefined) for (const listener of this.listeners) listener(context);
    return true;
  }

  private async trustOf({ ca, crl }: Texts): Promise<ClientTrust | undefined> {
    if (ca === undefined && this.config.tlsClientCertHeader === undefined) return undefined;
    // Only now: most services have no use for it, and it takes a while to load.
    const { ClientTrust } = await import('./client-trust.js');
    if (ca === undefined) return ClientTrust.none;
    return ClientTrust.read(ca, crl).catch((error: unknown) => {
      throw new TlsFileError(messageOf(error), { cause: error });
    });
  }
}

/** @returns the error where the file cannot be read, which counts as a change for the worse */
async function textOf(variable: string, path: string | undefined) {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch(
    (error: unknown) => new TlsFileError(`${variable}: ${messageOf(error)}`, { cause: error }),
  );
}

function contextOf({ cert, key, ca }: Texts): SecureContextOptions | undefined {
  if (cert === undefined || key === undefined) return undefined;
  const context: SecureContextOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    // An authority in the file is enough, be it a root or not: the fewer are believed, the better.
    ...(ca !== undefined && { ca, allowPartialTrustChain: true }),
  };
  try {
    new X509Certificate(cert);
    createSecureContext(context);
    return context;
  } catch (error) {
    throw new TlsFileError(
      `WATCHWORD_TLS_CERT, WATCHWORD_TLS_KEY: ${messageOf(error)}; the first must be a certificate in PEM, the second its private key`,
      { cause: error },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
