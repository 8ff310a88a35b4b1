import {
  inGroups,
  randomWrittenCode,
  readWrittenCode,
  writtenKindOf,
} from '../../src/otp/written-code.js';

it('makes codes of symbols that look like no other, each as likely', () => {
  const codes = Array.from({ length: 2000 }, () => randomWrittenCode('recovery'));
  const counts = new Map<string, number>();
  for (const symbol of codes.join('')) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  expect([...counts.keys()].sort().join('')).toBe('0123456789ABCDEFGHJKMNPQRSTVWXYZ');
  // A thousand of each are expected, with a standard deviation of 31.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200);
  expect(new Set(codes).size).toBe(2000);
});

it('shows groups of four', () => {
  expect(inGroups('ABCDEFGHJKMNPQRS')).toBe('ABCD-EFGH-JKMN-PQRS');
  expect(inGroups('ABCDEFGHJKMN')).toBe('ABCD-EFGH-JKMN');
});

it.each([
  ['0V1B-2345-6789-ABCD', 'as it was shown'],
  ['ou1b 2345 6789 abcd', 'small, with look-alikes'],
  ['  ovib–2345—6789‐abcd ', 'with other dashes'],
  ['ovlb23456789abcd', 'run together'],
  ['０Ｖ１Ｂ２３４５６７８９ＡＢＣＤ', 'full width'],
  ['\u202a0V1B-2345-6789-ABCD\u202c', 'copied with its direction marks'],
])('S26: reads %j, %s', (typed) => {
  expect(readWrittenCode(typed, 'recovery')).toBe('0V1B23456789ABCD');
});

it.each(['', '0V1B-2345-6789-ABC', '0V1B-2345-6789-ABCDE', '0V1B-2345-6789-ABC!', 'é'.repeat(16)])(
  'reads nothing in %j',
  (typed) => {
    expect(readWrittenCode(typed, 'recovery')).toBeNull();
  },
);

it('a code’s kind is its length', () => {
  expect(writtenKindOf('0V1B23456789ABCD')).toBe('recovery');
  expect(writtenKindOf('0V1B23456789')).toBe('bypass');
  expect(writtenKindOf('123456')).toBeUndefined();
});
