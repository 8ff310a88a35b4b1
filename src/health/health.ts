import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../storage/database.js';
import { SigningKeys } from '../tokens/signing-keys.js';

const ping: Statement = { name: 'health-ping', text: 'SELECT 1' };
const PATIENCE_MS = 2_000;

type Check = 'ok' | 'failing';

export interface HealthReport {
  readonly status: 'ready' | 'unavailable' | 'stopping';
  readonly checks: { readonly database: Check; readonly keys: Check };
}

/** Whether this process can do its work now. */
@Injectable()
export class Health {
  private phase: 'starting' | 'open' | 'stopping' = 'open';

  constructor(
    private readonly database: Database,
    private readonly keys: SigningKeys,
  ) {}

  async report(): Promise<HealthReport> {
    const database = await holds(() => this.database.run(ping, []));
    const keys = await holds(() => Promise.resolve(this.keys.current()));
    const isWell = database === 'ok' && keys === 'ok' && this.phase === 'open';
    const status = this.phase === 'stopping' ? 'stopping' : isWell ? 'ready' : 'unavailable';
    return { status, checks: { database, keys } };
  }

  /** Tells load balancers to wait: the port is open before the start is complete. */
  start(): void {
    this.phase = 'starting';
  }

  /** The start is complete. */
  open(): void {
    this.phase = 'open';
  }

  /** Tells load balancers to send no more. */
  stop(): void {
    this.phase = 'stopping';
  }
}

async function holds(check: () => Promise<unknown>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<Check>((resolve) => {
    timer = setTimeout(() => resolve('failing'), PATIENCE_MS);
  });
  const checked = Promise.resolve()
    .then(check)
    .then(
      (): Check => 'ok',
      (): Check => 'failing',
    );
  try {
    return await Promise.race([checked, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
