import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { Random } from '../../src/core/random.js';

/** Strokes of letters that look different when turned by 180°, in a box of 10 × 14: no font has to be installed. */
const STROKES: Readonly<Record<string, string>> = {
  A: 'M0 14 L5 0 L10 14 M2 9 H8',
  E: 'M9 0 H0 V14 H9 M0 7 H7',
  F: 'M9 0 H0 V14 M0 7 H7',
  G: 'M9 2 Q8 0 5 0 Q0 0 0 7 Q0 14 5 14 Q9 14 9 9 H5',
  K: 'M0 0 V14 M9 0 L0 8 L9 14',
  L: 'M0 0 V14 H9',
  P: 'M0 14 V0 H6 Q9 0 9 4 Q9 8 6 8 H0',
  R: 'M0 14 V0 H6 Q9 0 9 4 Q9 8 6 8 H0 M5 8 L9 14',
  T: 'M0 0 H10 M5 0 V14',
  V: 'M0 0 L5 14 L10 0',
  Y: 'M0 0 L5 7 L10 0 M5 7 V14',
};

/** Writes `count` words as PNGs of 32 × 128 pixels into each of the folders `0` and `180`, the latter turned upside down. */
export async function writeWords(folder: string, count: number, seed: string): Promise<void> {
  for (const [name, degrees] of [
    ['0', 0],
    ['180', 180],
  ] as const) {
    const random = new Random(seed).derive(name);
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      await sharp(Buffer.from(wordSvg(random)))
        .rotate(degrees)
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}

/** One word in the middle of a square image, [3, size, size] with values about 0. */
export async function wordPixels(random: Random, size: number): Promise<Float32Array> {
  const margin = size / 4;
  const bytes = await sharp(Buffer.from(wordSvg(random)))
    .resize(size, size - 2 * margin, { fit: 'fill' })
    .extend({ top: margin, bottom: margin, background: 'rgb(220, 220, 220)' })
    .removeAlpha()
    .raw()
    .toBuffer();
  return Float32Array.from({ length: 3 * size * size }, (_, i) => {
    const [channel, at] = [Math.floor(i / (size * size)), i % (size * size)];
    return (bytes[3 * at + channel]! - 115) / 57;
  });
}

function wordSvg(random: Random): string {
  const letters = Object.values(STROKES);
  const length = 5 + random.int(3);
  const strokes = Array.from({ length }, (_, i) => {
    const path = letters[random.int(letters.length)]!;
    return `<path transform="translate(${i * 14} 0)" d="${path}"/>`;
  });
  const [dark, light] = [random.int(90), 180 + random.int(75)];
  const scale = 1.05 + 0.25 * random.uniform();
  const place = `translate(${4 + random.int(5)} ${5 + random.int(5)}) scale(${scale})`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="32">
    <rect width="128" height="32" fill="rgb(${light},${light},${light})"/>
    <g transform="${place}" fill="none" stroke="rgb(${dark},${dark},${dark})" stroke-width="${1.5 + random.uniform()}">
      ${strokes.join('')}
    </g></svg>`;
}
