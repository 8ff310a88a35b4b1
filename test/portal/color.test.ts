/** A realm chooses its colour; whichever it is, what is written in it or on it can be read. */
import fc from 'fast-check';
import { contrast, shadesOf } from '../../src/portal/color.js';

it('measures contrast as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  expect(contrast('#123456', '#123456')).toBe(1);
});

it('any colour has shades that are read on the page, and a text that is read on them', () => {
  const color = fc
    .integer({ min: 0, max: 0xffffff })
    .map((value) => `#${value.toString(16).padStart(6, '0')}`);
  fc.assert(
    fc.property(color, (chosen) => {
      const { light, dark } = shadesOf(chosen);
      expect(contrast(light.color, '#ffffff')).toBeGreaterThanOrEqual(4.5);
      expect(contrast(dark.color, '#1a1e23')).toBeGreaterThanOrEqual(4.5);
      for (const { color: shade, ink } of [light, dark])
        expect(contrast(shade, ink)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

it('leaves a colour alone that can be read', () => {
  expect(shadesOf('#1d5fd1').light).toEqual({ color: '#1d5fd1', ink: '#ffffff' });
});
