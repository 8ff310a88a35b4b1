import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { TlsFiles } from './certificates/tls-files.js';
import { Clock } from './clock.js';
import { CONFIG } from './config.js';
import { Envelope } from './crypto/envelope.js';
import { Keyring } from './crypto/keyring.js';
import type { Ground } from './ground.js';
import { Database } from './storage/database.js';
import { MasterKeys } from './storage/master-keys.js';
import { SealedValues } from './storage/sealed-values.js';

/** The ground, for every module above it. */
@Module({})
export class GroundModule {
  static on({ config, clock, database, keyring, tls }: Ground): DynamicModule {
    const providers: Provider[] = [
      { provide: CONFIG, useValue: config },
      { provide: Clock, useValue: clock },
      { provide: Database, useValue: database },
      { provide: Keyring, useValue: keyring },
      { provide: TlsFiles, useValue: tls ?? TlsFiles.closed(config) },
      { provide: Envelope, useValue: new Envelope(keyring) },
      MasterKeys,
      SealedValues,
    ];
    return { module: GroundModule, global: true, providers, exports: providers };
  }
}
