import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { openDataset, readAll, temporaryFolder, userErrorOf } from './support.js';

/** A PNG of one colour. */
const png = (width: number, height: number, color: readonly number[]) =>
  sharp(Buffer.from(Array.from({ length: width * height }, () => [...color]).flat()), {
    raw: { width, height, channels: 3 },
  })
    .png()
    .toBuffer();

async function folderOf(files: Record<string, Buffer>) {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

describe('images', () => {
  test('classes and files are sorted by code unit, pixels are channels first', async () => {
    const train = await folderOf({
      'b/z.png': await png(2, 1, [1, 2, 3]),
      'B/y.png': await png(2, 1, [4, 5, 6]),
      'b/Z.png': await png(2, 1, [7, 8, 9]),
      'b/.hidden': Buffer.from('not an image'),
    });
    const data = await openDataset('images', { train, normalize: 'none' });
    expect(data.inputShape).toEqual([3, 1, 2]);
    expect(data.target).toEqual({ kind: 'class', classes: 2, names: ['B', 'b'] });
    const { x, y } = await readAll(data.train, data);
    expect(y).toEqual([0, 1, 1]);
    expect([...x]).toEqual([4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 1, 1, 2, 2, 3, 3]);
  });

  test.each(['jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('reads %s files', async (format) => {
    const picture = (color: readonly number[]) =>
      sharp({
        create: { width: 16, height: 16, channels: 3, background: { r: color[0]!, g: color[1]!, b: color[2]! } },
      })
        .toFormat(format, { quality: 100 })
        .toBuffer();
    const train = await folderOf({ 'a/1': await picture([200, 200, 200]), 'b/1': await picture([20, 20, 20]) });
    const data = await openDataset('images', { train, normalize: 'none' });
    const { x } = await readAll(data.train, data);
    expect(x).toHaveLength(2 * 3 * 256);
    // Some of them change colours a little.
    for (const [position, value] of x.entries()) {
      const wanted = position < 768 ? 200 : 20;
      expect(Math.abs(value - wanted), `value ${position} is ${value}`).toBeLessThanOrEqual(2);
    }
  });

  test('images too large to be decoded several at a time are decoded all the same', async () => {
    const large = (shade: number) =>
      sharp({ create: { width: 6000, height: 6000, channels: 3, background: { r: shade, g: shade, b: shade } } })
        .png({ compressionLevel: 1 })
        .toBuffer();
    const train = await folderOf({
      'a/1.png': await large(70),
      'a/2.png': await png(9, 9, [5, 5, 5]),
      'b/1.png': await large(9),
    });
    const data = await openDataset('images', { train, size: [1, 1], normalize: 'none' });
    const { x } = await readAll(data.train, data);
    expect([...x]).toEqual([70, 70, 70, 5, 5, 5, 9, 9, 9]);
  });

  test('grey and transparent images become RGB, over the background', async () => {
    const grey = await sharp(Buffer.from([100, 200]), { raw: { width: 2, height: 1, channels: 1 } })
      .png()
      .toBuffer();
    const transparent = await sharp(Buffer.from([9, 9, 9, 0, 9, 9, 9, 255]), {
      raw: { width: 2, height: 1, channels: 4 },
    })
      .png()
      .toBuffer();
    const train = await folderOf({ 'a/1.png': grey, 'b/1.png': transparent });
    const data = await openDataset('images', { train, normalize: 'none', background: '#ff8000' });
    const { x } = await readAll(data.train, data);
    expect([...x.slice(0, 6)]).toEqual([100, 200, 100, 200, 100, 200]);
    expect([...x.slice(6)]).toEqual([255, 9, 128, 9, 0, 9]);
  });

  test('grayscale gives one channel', async () => {
    const train = await folderOf({ 'a/1.png': await png(2, 2, [50, 50, 50]), 'b/1.png': await png(2, 2, [9, 9, 9]) });
    const data = await openDataset('images', { train, colors: 'grayscale', normalize: 'none' });
    expect(data.inputShape).toEqual([1, 2, 2]);
    expect([...(await readAll(data.train, data)).x]).toEqual([50, 50, 50, 50, 9, 9, 9, 9]);
  });

  test('fit decides how other proportions become the size', async () => {
    // Left half black, right half white.
    const bytes = Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);
    const wide = await sharp(bytes, { raw: { width: 4, height: 1, channels: 3 } })
      .resize({ width: 8, height: 2, kernel: 'nearest', fit: 'fill' })
      .png()
      .toBuffer();
    const train = await folderOf({ 'a/1.png': wide, 'b/1.png': wide });
    const firstRow = async (fit: string, side = 2) => {
      const data = await openDataset('images', {
        train,
        size: [side, side],
        fit,
        normalize: 'none',
        background: '#ff0000',
      });
      return [...(await readAll(data.train, data)).x.slice(0, 2)];
    };
    expect((await openDataset('images', { train, size: [3, 5] })).inputShape).toEqual([3, 3, 5]);
    // The middle of the image is cut out: one black and one white column.
    expect(await firstRow('crop')).toEqual([0, 255]);
    const [left, right] = await firstRow('stretch');
    expect(left).toBeLessThan(40);
    expect(right).toBeGreaterThan(215);
    // With margins the first row is background: red.
    expect((await firstRow('pad', 4))[0]).toBe(255);
  });

  test('a test folder has its own images with the classes of training', async () => {
    const train = await folderOf({ 'a/1.png': await png(1, 1, [1, 1, 1]), 'b/1.png': await png(1, 1, [2, 2, 2]) });
    const other = await folderOf({ 'b/9.png': await png(1, 1, [3, 3, 3]) });
    const data = await openDataset('images', { train, test: other, normalize: 'none' });
    expect(await readAll(data.test!, data)).toEqual({ x: Float32Array.of(3, 3, 3), y: [1] });
  });
});

describe('images refuses', () => {
  const errorOf = async (files: Record<string, Buffer>, options: object = {}) => {
    const train = await folderOf(files);
    return userErrorOf(openDataset('images', { train, ...options }), train);
  };

  test('a few bytes that announce 50,000 × 50,000 pixels', async () => {
    const bomb = Buffer.from(await png(1, 1, [1, 1, 1]));
    // IHDR: width and height at byte 16, its checksum, over type and content, at byte 29.
    bomb.writeUInt32BE(50_000, 16);
    bomb.writeUInt32BE(50_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    expect(await errorOf({ 'a/1.png': bomb, 'b/1.png': bomb })).toBe(
      '<folder>/a/1.png announces more than 268435456 pixels, the most that are decoded. Make it smaller, or move it out of the folder. [DATA_IMAGE]',
    );
  });

  test('drawings, which may name other files', async () => {
    const drawing = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"><rect width="2" height="2"/></svg>',
    );
    expect(await errorOf({ 'a/1.png': drawing, 'b/1.png': drawing })).toBe(
      '<folder>/a/1.png is not an image that can be read: it looks like an SVG drawing. Repair it, or move it out of the folder. [DATA_IMAGE]',
    );
  });

  test('a pipe, without waiting for somebody to write into it', async () => {
    const train = await folderOf({ 'a/1.png': await png(1, 1, [1, 1, 1]), 'b/1.png': await png(1, 1, [1, 1, 1]) });
    execFileSync('mkfifo', [join(train, 'b', '2.png')]);
    expect(await userErrorOf(openDataset('images', { train }), train)).toBe(
      '<folder>/b/2.png is a pipe or a device, not a file. Move it out of the folder. [DATA_IMAGE]',
    );
  });

  test('a file that is no image', async () => {
    const files = { 'a/1.png': await png(1, 1, [1, 1, 1]), 'a/notes.txt': Buffer.from('remember the milk') };
    expect(await errorOf(files)).toMatchInlineSnapshot(
      `"<folder>/a/notes.txt is not an image that can be read: it looks like plain text. Repair it, or move it out of the folder. [DATA_IMAGE]"`,
    );
  });

  test('a damaged image', async () => {
    const bytes = await png(20, 20, [1, 2, 3]);
    expect(await errorOf({ 'a/1.png': bytes.subarray(0, bytes.length - 30) })).toMatchInlineSnapshot(
      `"<folder>/a/1.png is a PNG image, but damaged. Repair it, or move it out of the folder. [DATA_IMAGE]"`,
    );
  });

  test('images of different sizes without size', async () => {
    const files = { 'a/1.png': await png(1, 1, [1, 1, 1]), 'a/2.png': await png(2, 1, [1, 1, 1]) };
    expect(await errorOf(files)).toMatchInlineSnapshot(
      `"<folder>/a/2.png is 2×1 pixels, <folder>/a/1.png is 1×1. Set size: [height, width] to bring all images to one size. [DATA_SHAPE]"`,
    );
  });

  test('a file beside the class folders', async () => {
    expect(await errorOf({ 'labels.csv': Buffer.from('x') })).toMatchInlineSnapshot(
      `"<folder>/labels.csv is a file, but <folder> must hold one folder per class. Move it into the folder of its class, or elsewhere. [DATA_IMAGE]"`,
    );
  });

  test('a folder inside a class folder', async () => {
    expect(await errorOf({ 'a/b/1.png': Buffer.from('x') })).toMatchInlineSnapshot(
      `"<folder>/a/b is a folder inside a class folder. Move its images to <folder>/a. [DATA_IMAGE]"`,
    );
  });

  test('an empty folder, and an empty class', async () => {
    expect(await errorOf({})).toMatchInlineSnapshot(
      `"<folder> holds no class folders. Put the images of each class into a folder of its own. [DATA_EMPTY]"`,
    );
    const train = temporaryFolder();
    await mkdir(join(train, 'a'));
    expect(await userErrorOf(openDataset('images', { train }), train)).toMatchInlineSnapshot(
      `"The class folder <folder>/a is empty. Put images into it, or remove it. [DATA_EMPTY]"`,
    );
  });

  test('a single class', async () => {
    expect(await errorOf({ 'a/1.png': await png(1, 1, [1, 1, 1]) })).toMatchInlineSnapshot(
      `"<folder> has samples of one class only. There is nothing to tell apart; check the labels. [DATA_CLASSES]"`,
    );
  });

  test('a missing folder', async () => {
    expect(await userErrorOf(openDataset('images', { train: '/nowhere/images' }))).toMatchInlineSnapshot(
      `"/nowhere/images does not exist. Check the path: relative ones start at the folder of the recipe. [DATA_FILE_MISSING]"`,
    );
  });

  test('a class of the test folder that training does not have', async () => {
    const other = await folderOf({ 'cats/1.png': await png(1, 1, [3, 3, 3]) });
    const message = await errorOf({ 'cat/1.png': await png(1, 1, [1, 1, 1]) }, { test: other });
    expect(message.replaceAll(other, '<test>')).toMatchInlineSnapshot(
      `"<test> has a class "cats" that <folder> does not have. Training classes: cat. [DATA_CLASSES]"`,
    );
  });
});
