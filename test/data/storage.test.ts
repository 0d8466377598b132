import { appendFileSync, truncateSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Dataset } from '../../src/data/dataset.js';
import { canStayOnDisk } from '../../src/data/storage.js';
import { idxBytes, npyBytes, openDataset, readAll, temporaryFolder, userErrorOf } from './support.js';

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const random = new Random('storage');
const numbers = (count: number, limit: number) => Array.from({ length: count }, () => random.int(limit));
const COUNT = 30;
const classes = npyBytes('|u1', [COUNT], Uint8Array.from(numbers(COUNT, 3)));

async function written(files: Readonly<Record<string, Uint8Array>>): Promise<Record<string, string>> {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return Object.fromEntries(Object.keys(files).map((name) => [name, join(folder, name)]));
}

/** Reads in a scattered order, and in one with neighbours. */
async function scattered(data: Dataset): Promise<number[]> {
  const size = data.inputShape.reduce((product, dim) => product * dim, 1);
  const found: number[] = [];
  for (const indices of [
    [9, 2, 2, 17],
    [4, 5, 6, 3],
  ]) {
    const x = new Float32Array(indices.length * size);
    const y = new Int32Array(indices.length);
    await data.train.read(indices, x, y);
    found.push(...x, ...y);
  }
  return found;
}

async function expectEqual(inMemory: Dataset, onDisk: Dataset): Promise<void> {
  expect(onDisk.normalization).toEqual(inMemory.normalization);
  expect(onDisk.inputShape).toEqual(inMemory.inputShape);
  expect(await readAll(onDisk.validation!, onDisk)).toEqual(await readAll(inMemory.validation!, inMemory));
  expect(await readAll(onDisk.train, onDisk)).toEqual(await readAll(inMemory.train, inMemory));
  expect(await scattered(onDisk)).toEqual(await scattered(inMemory));
}

describe('samples on the disk are those in memory', () => {
  test.each([
    ['|u1', Uint8Array.from(numbers(COUNT * 12, 256))],
    ['|i1', Int8Array.from(numbers(COUNT * 12, 128))],
    ['<u2', Uint16Array.from(numbers(COUNT * 12, 65536))],
    ['<i4', Int32Array.from(numbers(COUNT * 12, 1e9))],
    ['<f4', Float32Array.from(numbers(COUNT * 12, 1e6), (value) => value / 7)],
    ['<f8', Float64Array.from(numbers(COUNT * 12, 1e6), (value) => value / 7)],
    ['<i8', BigInt64Array.from(numbers(COUNT * 12, 1e6), BigInt)],
  ] as const)('npy %s', async (type, array) => {
    const { x, y } = await written({ x: npyBytes(type, [COUNT, 2, 2, 3], bytesOf(array)), y: classes });
    for (const layout of ['channels-first', 'channels-last']) {
      const options = { train: { x, y }, layout, split: { validation: 7 } };
      const [inMemory, onDisk] = await Promise.all(
        ['memory', 'disk'].map((storage) => openDataset('npy', { ...options, storage })),
      );
      await expectEqual(inMemory!, onDisk!);
    }
  });

  test('idx', async () => {
    const files = await written({
      images: idxBytes([COUNT, 3, 4], numbers(COUNT * 12, 256)),
      labels: idxBytes([COUNT], numbers(COUNT, 3)),
    });
    const [inMemory, onDisk] = await Promise.all(
      ['memory', 'disk'].map((storage) => openDataset('idx', { train: files, split: { validation: 7 }, storage })),
    );
    await expectEqual(inMemory!, onDisk!);
  });

  test('also when several reads are under way at once', async () => {
    const x = npyBytes('|u1', [COUNT, 4], Uint8Array.from(numbers(COUNT * 4, 256)));
    const files = await written({ x, y: classes });
    const data = await openDataset('npy', { train: files, storage: 'disk' });
    const all = (await readAll(data.train, data)).x;
    const reads = Array.from({ length: COUNT }, async (_, index) => {
      const found = new Float32Array(4 * (1 + (index % 3)));
      await data.train.read(Array(1 + (index % 3)).fill(index), found, new Int32Array(3));
      return [...found.slice(0, 4)];
    });
    expect((await Promise.all(reads)).flat()).toEqual([...all]);
  });
});

describe('storage: disk refuses', () => {
  test('a compressed file', async () => {
    const { x, y } = await written({ x: gzipSync(npyBytes('|u1', [COUNT, 1], new Uint8Array(COUNT))), y: classes });
    const folder = x!.slice(0, -2);
    expect(await userErrorOf(openDataset('npy', { train: { x, y }, storage: 'disk' }), folder)).toMatchInlineSnapshot(
      `"<folder>/x is compressed: its samples cannot be read one by one from the disk. Unpack it with gunzip, or leave out storage: disk. [DATA_STORAGE]"`,
    );
  });

  test('what it refuses in memory, with the same words', async () => {
    const values = new Float32Array(COUNT * 4);
    values[41] = Number.NaN;
    const good = npyBytes('|u1', [COUNT, 4], new Uint8Array(COUNT * 4));
    for (const x of [
      npyBytes('<f4', [COUNT, 4], bytesOf(values)),
      npyBytes(
        '<i8',
        [COUNT, 4],
        bytesOf(BigInt64Array.from({ length: COUNT * 4 }, (_, i) => (i === 77 ? 2n ** 40n : 0n))),
      ),
      good.subarray(0, good.length - 1),
      Buffer.concat([good, Buffer.of(0)]),
    ]) {
      const train = await written({ x, y: classes });
      const messages = ['memory', 'disk'].map((storage) => userErrorOf(openDataset('npy', { train, storage })));
      expect(await messages[1]).toBe(await messages[0]);
    }
  });

  test('to go on with a file that was changed', async () => {
    const train = await written({ x: npyBytes('|u1', [COUNT, 4], new Uint8Array(COUNT * 4)), y: classes });
    const folder = train.x!.slice(0, -2);
    const data = await openDataset('npy', { train, storage: 'disk' });
    const read = async () => data.train.read([29], new Float32Array(4), new Int32Array(1));
    await read();
    appendFileSync(train.x!, '!');
    expect(await userErrorOf(read(), folder)).toMatchInlineSnapshot(
      `"<folder>/x was changed while its samples were read from it. Run again when nothing writes to it; samples stay in the file where it is large (option storage). [DATA_CHANGED]"`,
    );
    truncateSync(train.x!, 150);
    expect(await userErrorOf(read(), folder)).toContain('DATA_CHANGED');
  });
});

test('samples on the disk take no memory but that of a batch', async () => {
  const count = 1 << 16;
  const x = npyBytes('|u1', [count, 1024], new Uint8Array(count * 1024));
  const files = await written({ x, y: npyBytes('|u1', [count], new Uint8Array(count).fill(1, 1, 9)) });
  const before = process.memoryUsage().arrayBuffers;
  const data = await openDataset('npy', { train: files, storage: 'disk' });
  await data.train.read([5, count - 1], new Float32Array(2048), new Int32Array(2));
  // The file has 64 MiB; one scan of it to normalize reads 4 MiB at a time.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  expect(data.train.count).toBe(count);
});

// test/conformance/larger-than-memory.ts trains on a file that is larger than the memory which the run may have.
test('storage: auto leaves on the disk what would take more than a quarter of the memory', () => {
  const file = { path: 'x.npy', isPacked: false };
  expect(canStayOnDisk(file, 'auto', 1e6)).toBe(false);
  expect(canStayOnDisk(file, 'auto', 1e15)).toBe(true);
  expect(canStayOnDisk(file, 'memory', 1e15)).toBe(false);
  expect(canStayOnDisk({ ...file, isPacked: true }, 'auto', 1e15)).toBe(false);
});
