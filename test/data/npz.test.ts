import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { npyBytes, openDataset, readAll, temporaryFolder, userErrorOf } from './support.js';

const STORED = 'test/fixtures/data/numpy-stored.npz';
const COMPRESSED = 'test/fixtures/data/numpy-compressed.npz';

describe('npz', () => {
  test('reads what NumPy stored, channels last', async () => {
    const data = await openDataset('npz', { train: { file: STORED }, layout: 'channels-last', normalize: 'none' });
    expect(data.inputShape).toEqual([3, 2, 3]);
    expect(data.target).toEqual({ kind: 'class', classes: 3 });
    const { x, y } = await readAll(data.train, data);
    expect(y).toEqual([0, 2, 1, 0]);
    // Element [n, c, h, w] of the transposed array is ((n·2 + h)·3 + w)·3 + c of NumPy's arange.
    const expected: number[] = [];
    for (let n = 0; n < 4; n++)
      for (let c = 0; c < 3; c++)
        for (let h = 0; h < 2; h++) for (let w = 0; w < 3; w++) expected.push(((n * 2 + h) * 3 + w) * 3 + c);
    expect([...x]).toEqual(expected);
  });

  test('reads train and test from one compressed archive', async () => {
    const data = await openDataset('npz', {
      train: { file: COMPRESSED, x: 'x_train', y: 'y_train' },
      test: { file: COMPRESSED, x: 'x_test', y: 'y_test' },
      normalize: 'none',
    });
    expect((await readAll(data.test!, data)).y).toEqual([0, 1, 2, 0]);
    expect((await readAll(data.test!, data)).x[0]).toBe(55);
  });
});

describe('npz refuses', () => {
  test('an array that is not there, with a suggestion', async () => {
    const train = { file: COMPRESSED, x: 'x_trian', y: 'y_train' };
    expect(await userErrorOf(openDataset('npz', { train }))).toMatchInlineSnapshot(
      `"test/fixtures/data/numpy-compressed.npz has no array "x_trian". Did you mean "x_train"? [DATA_ARRAY_MISSING]"`,
    );
    const other = { file: COMPRESSED, x: 'images', y: 'y_train' };
    expect(await userErrorOf(openDataset('npz', { train: other }))).toMatchInlineSnapshot(
      `"test/fixtures/data/numpy-compressed.npz has no array "images". It has: x_test, x_train, y_test, y_train. [DATA_ARRAY_MISSING]"`,
    );
  });

  test('another format', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    await writeFile(file, npyBytes('|u1', [1], Uint8Array.of(0)));
    expect(await userErrorOf(openDataset('npz', { train: { file } }), folder)).toMatchInlineSnapshot(
      `"<folder>/x.npz is not a NumPy archive: it begins with 0x934e554d and looks like a NumPy array (.npy). A .npz file begins with 0x504b0304; write one with numpy.savez. For .npy files use the reader npy. [DATA_MAGIC]"`,
    );
  });

  test('a damaged archive', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    await writeFile(file, Buffer.from('PK\x03\x04 nothing else'));
    expect(await userErrorOf(openDataset('npz', { train: { file } }), folder)).toMatchInlineSnapshot(
      `"<folder>/x.npz is a damaged archive: it breaks off, or is no ZIP archive. Fetch it again. [DATA_CORRUPT]"`,
    );
  });

  test('a member that unpacks to more than its entry announces', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    const bomb = npyBytes('|u1', [1, 1000], new Uint8Array(50 << 20));
    const bytes = Buffer.from(zipSync({ 'x.npy': bomb, 'y.npy': npyBytes('|u1', [1], Uint8Array.of(0)) }));
    const directory = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    bytes.writeUInt32LE(2000, directory + 24);
    await writeFile(file, bytes);
    expect(await userErrorOf(openDataset('npz', { train: { file } }), folder)).toMatchInlineSnapshot(
      `"<folder>/x.npz is a damaged archive: <folder>/x.npz:x unpacks to more than the 2000 bytes that it announces. Fetch it again. [DATA_CORRUPT]"`,
    );
  });

  test('gigabytes behind a small array, without unpacking them', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    const member = (zeros: number) => Buffer.concat([npyBytes('|u1', [1, 1], Uint8Array.of(0)), Buffer.alloc(zeros)]);
    await writeFile(file, zipSync({ 'x.npy': member(100 << 20), 'y.npy': member(0) }));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 1);
    const error = await userErrorOf(openDataset('npz', { train: { file } }), folder);
    clearInterval(timer);
    expect(error).toContain('goes on after the 71 bytes that its header announces');
    expect(most - before).toBeLessThan(20 << 20);
  });

  test.each<[what: string, change: (bytes: Buffer, directory: number) => void]>([
    ['a checksum that does not fit', (bytes, at) => bytes.writeUInt32LE(1, at + 16)],
    ['a member that is encrypted', (bytes, at) => bytes.writeUInt16LE(1, at + 8)],
    ['a member packed in an unknown way', (bytes, at) => bytes.writeUInt16LE(99, at + 10)],
    ['a member that begins behind the end', (bytes, at) => bytes.writeUInt32LE(0x7fffffff, at + 42)],
    ['a member that begins elsewhere', (bytes, at) => bytes.writeUInt32LE(1, at + 42)],
    ['a member that is longer than the file', (bytes, at) => bytes.writeUInt32LE(1 << 30, at + 20)],
    ['a member that is shorter than announced', (bytes, at) => bytes.writeUInt32LE(80, at + 24)],
    ['more members than the directory has', (bytes) => bytes.writeUInt16LE(9, bytes.length - 12)],
    ['a directory of many megabytes', (bytes) => bytes.writeUInt32LE(0x7fffffff, bytes.length - 10)],
    ['a directory behind the end', (bytes) => bytes.writeUInt32LE(0x7fffffff, bytes.length - 6)],
    [
      'two arrays of one name',
      (bytes, at) => void bytes.write('x', bytes.indexOf('PK\x01\x02', at + 4, 'latin1') + 46),
    ],
  ])('%s', async (_, change) => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    const member = npyBytes('|u1', [1, 1], Uint8Array.of(0));
    const bytes = Buffer.from(zipSync({ 'x.npy': member, 'y.npy': member }));
    change(bytes, bytes.indexOf('PK\x01\x02', 0, 'latin1'));
    await writeFile(file, bytes);
    expect(await userErrorOf(openDataset('npz', { train: { file } }), folder)).toMatchSnapshot();
  });

  test('thousands of other arrays, of which the message lists some', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    const names = Array.from({ length: 3000 }, (_, i) => `array${i}-${'n'.repeat(200)}.npy`);
    await writeFile(file, zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array(0)]))));
    const error = await userErrorOf(openDataset('npz', { train: { file } }), folder);
    expect(error).toMatch(/ and 2980 more\. \[DATA_ARRAY_MISSING\]$/);
    expect(error.length).toBeLessThan(3000);
  });

  test('sizes that deflate cannot reach', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.npz');
    const member = npyBytes('|u1', [1], Uint8Array.of(0));
    const bytes = Buffer.from(zipSync({ 'x.npy': member, 'y.npy': member }));
    const directory = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    bytes.writeUInt32LE(0xfffffff0, directory + 24);
    await writeFile(file, bytes);
    expect(await userErrorOf(openDataset('npz', { train: { file } }), folder)).toMatchInlineSnapshot(
      `"<folder>/x.npz is a damaged archive: <folder>/x.npz:x cannot have 4294967280 bytes when unpacked. Fetch it again. [DATA_CORRUPT]"`,
    );
  });
});
