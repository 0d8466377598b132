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
      `"<folder>/x.npz is a damaged archive: invalid zip data. Fetch it again. [DATA_CORRUPT]"`,
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
      `"<folder>/x.npz:x goes on after the 1073 bytes that its header announces. The file is damaged, or not of this format; fetch it again. [DATA_TOO_LONG]"`,
    );
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
      `"<folder>/x.npz is a damaged archive: impossible sizes. Fetch it again. [DATA_CORRUPT]"`,
    );
  });
});
