import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
}
export class Keyring {
  private readonly derived = new Map<string, KeyObject>();
  private constructor(
    private readonly keys: Map<string, Buffer>,
    readonly currentId: string,
  ) {}
  static parse(text: string): Keyring {
    const keys = new Map<string, Buffer>();
    for (const part of text.split(',')) {
      const i = part.indexOf(':');
      keys.set(part.slice(0, i).trim(), Buffer.from(part.slice(i + 1), 'base64'));
    }
    return new Keyring(keys, [...keys.keys()][0] ?? '');
  }
  static generate(id = 'k1'): string {
    return `${id}:${randomBytes(32).toString('base64')}`;
  }
  derive(id: string, purpose: string): KeyObject {
    const name = `${id}/${purpose}`;
    let key = this.derived.get(name);
    if (!key) {
      key = createSecretKey(
        Buffer.from(
          hkdfSync(
            'sha256',
            this.keys.get(id) ?? Buffer.alloc(0),
            '',
            `watchword/v1/${purpose}`,
            32,
          ),
        ),
      );
      this.derived.set(name, key);
    }
    return key;
  }
}
