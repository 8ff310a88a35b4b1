import { gcmOpen, gcmSeal, hex, hkdf, hmacSha256 } from './yardstick.js';

const none = Buffer.alloc(0);

describe('the yardstick gives the published vectors', () => {
  it('RFC 5869 A.1: HKDF-SHA256', async () => {
    const okm = await hkdf(
      Buffer.alloc(22, 0x0b),
      hex('000102030405060708090a0b0c'),
      hex('f0f1f2f3f4f5f6f7f8f9'),
      42,
    );
    expect(okm.toString('hex')).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
  });

  it('RFC 5869 A.3: HKDF-SHA256 without a salt, as the keyring uses it', async () => {
    const okm = await hkdf(Buffer.alloc(22, 0x0b), none, none, 42);
    expect(okm.toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  it('McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16: AES-256-GCM', async () => {
    const key = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
    const iv = hex('cafebabefacedbaddecaf888');
    const aad = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
    const plaintext = hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
        '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    );
    const sealed = hex(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
        '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
        '76fc6ece0f4e1768cddf8853bb2d551b',
    );
    expect(await gcmSeal(key, iv, aad, plaintext)).toEqual(sealed);
    expect(await gcmOpen(key, iv, aad, sealed)).toEqual(plaintext);
  });

  it('RFC 4231 test case 2: HMAC-SHA256', async () => {
    const mac = await hmacSha256(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'));
    expect(mac.toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});
