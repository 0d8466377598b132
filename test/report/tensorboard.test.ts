import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { crc32c, eventFile } from '../../src/report/tensorboard.js';

test('points are written byte for byte as TensorBoard writes them itself', () => {
  const points = [
    { tag: 'steps/loss', step: 1, value: 2.25 },
    { tag: 'steps/loss', step: 300, value: 0.1 },
    { tag: 'epochs/validationAccuracy', step: 70000, value: 0.975 },
  ];
  const expected = readFileSync(new URL('../fixtures/report/tensorboard.events', import.meta.url));
  expect(Buffer.from(eventFile(points, 1767323045)).equals(expected)).toBe(true);
});

test.each([
  ['zeros', new Uint8Array(32), 0x8a9136aa],
  ['ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['counting up', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
])('the CRC of %s is that of RFC 3720, appendix B.4', (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});
