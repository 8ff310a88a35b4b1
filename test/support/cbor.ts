/** As much of CBOR (RFC 8949) as an authenticator speaks: whole numbers, bytes, texts, lists and maps. */

export function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return withHead(3, Buffer.from(value));
  if (value instanceof Map) {
    const members = [...(value as Map<unknown, unknown>)].flat().map(cbor);
    return Buffer.concat([head(5, value.size), ...members]);
  }
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  if (ArrayBuffer.isView(value))
    return withHead(2, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  throw new Error(`no CBOR for ${typeof value}`);
}

function withHead(major: number, bytes: Buffer): Buffer {
  return Buffer.concat([head(major, bytes.length), bytes]);
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) | value);
  const width = value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = (major << 5) | (23 + [1, 2, 4].indexOf(width) + 1);
  bytes.writeUIntBE(value, 1, width);
  return bytes;
}

/** Up to 127 bytes as an ASN.1 octet string. */
export function octetString(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x04, bytes.length), bytes]);
}
