import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { allocateBytes } from '../../src/data/allocate.js';
import { npyBytes, openDataset, readAll, temporaryFolder, userErrorOf } from './support.js';

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const FIXTURES = 'test/fixtures/data';

async function pair(x: Buffer, y: Buffer) {
  const folder = temporaryFolder();
  const files = { x: join(folder, 'x.npy'), y: join(folder, 'y.npy') };
  await writeFile(files.x, x);
  await writeFile(files.y, y);
  return { folder, files };
}
const labels = (...values: number[]) => npyBytes('<i4', [values.length], bytesOf(Int32Array.from(values)));

describe('npy', () => {
  test.each([
    ['a size that is no number', '4 2'],
    ['a size beyond all integers', `${'9'.repeat(400)},`],
    ['more numbers than can be counted', '4294967296, 4294967296'],
    ['hundreds of dimensions', Array(200).fill(1).join(',')],
  ])('refuses a shape with %s', async (_, dims) => {
    const header = npyBytes('|u1', [1], new Uint8Array(0)).toString('latin1').replace('(1,)', `(${dims})`);
    const x = Buffer.from(header, 'latin1');
    x.writeUInt16LE(x.length - 10, 8);
    const { folder, files } = await pair(x, labels(0, 1));
    expect(await userErrorOf(openDataset('npy', { train: files }), folder)).toMatch(
      /^<folder>\/x\.npy has an impossible shape: \(.{1,121}\)\. Write it again with numpy\.save\. \[DATA_CORRUPT\]$/,
    );
  });

  test('refuses samples without numbers, and samples of too many columns', async () => {
    const { folder, files } = await pair(npyBytes('|u1', [2, 0], new Uint8Array(0)), labels(0, 1));
    expect(await userErrorOf(openDataset('npy', { train: files }), folder)).toMatchInlineSnapshot(
      `"The samples of <folder>/x.npy have the shape [0]: no numbers. Check the file. [DATA_EMPTY]"`,
    );
    const wide = npyBytes('|u1', [2, 2 ** 22 + 1], new Uint8Array(2 ** 23 + 2));
    const other = await pair(wide, labels(0, 1));
    expect(await userErrorOf(openDataset('npy', { train: other.files }), other.folder)).toMatchInlineSnapshot(
      `"The samples of <folder>/x.npy have the shape [4194305]; at most 4194304 channels, or columns, are read. If these are pixels, say so with shape: [1, height, width]. [DATA_SHAPE]"`,
    );
  });

  test('refuses what the process may not have room for, before it asks for it', () => {
    expect(() => allocateBytes(2 ** 60, 'x.gz')).toThrow(
      expect.objectContaining({
        code: 'DATA_TOO_LARGE',
        problem: expect.stringMatching(/^x\.gz needs 1073741824\.0 GiB/),
      }),
    );
  });

  test.each([
    ['|u1', Uint8Array.of(0, 255)],
    ['|i1', Int8Array.of(-128, 127)],
    ['<u2', Uint16Array.of(0, 65535)],
    ['<i2', Int16Array.of(-32768, 5)],
    ['<u4', Uint32Array.of(0, 4_000_000_000)],
    ['<i4', Int32Array.of(-7, 7)],
    ['<f4', Float32Array.of(0.5, -1.25)],
    ['<f8', Float64Array.of(0.5, -1.25)],
    ['<i8', BigInt64Array.of(-7n, 7n)],
    ['<u8', BigUint64Array.of(0n, 7n)],
  ] as const)('reads %s', async (type, array) => {
    const { files } = await pair(npyBytes(type, [2, 1], bytesOf(array)), labels(0, 1));
    const data = await openDataset('npy', { train: files, normalize: 'none' });
    expect(data.inputShape).toEqual([1]);
    expect((await readAll(data.train, data)).x).toEqual(Float32Array.from(array, Number));
  });

  test('reads what NumPy wrote', async () => {
    const { files } = await pair(labels(), labels(0, 1, 1, 0));
    const train = { x: join(FIXTURES, 'numpy-float64.npy'), y: files.y };
    const data = await openDataset('npy', { train, normalize: 'none' });
    const expected = Float32Array.from({ length: 12 }, (_, i) => -1 + (2 * i) / 11);
    expect((await readAll(data.train, data)).x).toEqual(expected);
  });

  test('float targets are values to regress, of any shape', async () => {
    const y = npyBytes('<f4', [2, 3], bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6)));
    const { files } = await pair(npyBytes('|u1', [2, 1], Uint8Array.of(1, 2)), y);
    const data = await openDataset('npy', { train: files });
    expect(data.target).toEqual({ kind: 'value', shape: [3] });
    expect((await readAll(data.train, data)).y).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('an image without channels gets one, and shape replaces it', async () => {
    const { files } = await pair(npyBytes('|u1', [2, 2, 3], new Uint8Array(12)), labels(0, 1));
    expect((await openDataset('npy', { train: files })).inputShape).toEqual([1, 2, 3]);
    expect((await openDataset('npy', { train: files, shape: [6] })).inputShape).toEqual([6]);
  });
});

describe('npy refuses', () => {
  const errorOf = async (x: Buffer, y: Buffer = labels(0, 1), options: object = {}) => {
    const { folder, files } = await pair(x, y);
    return userErrorOf(openDataset('npy', { train: files, ...options }), folder);
  };
  const x = npyBytes('|u1', [2, 2], Uint8Array.of(1, 2, 3, 4));

  test('another format', async () => {
    expect(await errorOf(Buffer.from('PK\x03\x04…'))).toMatchInlineSnapshot(
      `"<folder>/x.npy is not a NumPy array: it begins with 0x504b0304e280 and looks like a ZIP archive (npz files are). A .npy file begins with 0x934e554d5059; write one with numpy.save. [DATA_MAGIC]"`,
    );
  });

  test('Fortran order, as NumPy writes it', async () => {
    const { files } = await pair(x, labels(0, 1, 0, 1));
    const train = { x: join(FIXTURES, 'numpy-fortran.npy'), y: files.y };
    expect(await userErrorOf(openDataset('npy', { train }))).toMatchInlineSnapshot(
      `"test/fixtures/data/numpy-fortran.npy is stored in Fortran (column-major) order. Save it with numpy.save(path, numpy.ascontiguousarray(x)). [DATA_TYPE]"`,
    );
  });

  test('half precision, as NumPy writes it', async () => {
    const { files } = await pair(x, labels(0, 1, 0, 1));
    const train = { x: join(FIXTURES, 'numpy-half.npy'), y: files.y };
    expect(await userErrorOf(openDataset('npy', { train }))).toMatchInlineSnapshot(
      `"test/fixtures/data/numpy-half.npy holds elements of the NumPy type "<f2". Convert it first, for instance with x.astype(numpy.float32) or numpy.uint8. [DATA_TYPE]"`,
    );
  });

  test('a header that is none', async () => {
    const bytes = Buffer.from(x);
    bytes.fill(0x20, 12, 30);
    expect(await errorOf(bytes)).toMatchInlineSnapshot(
      `"<folder>/x.npy has a damaged NumPy header. Write it again with numpy.save. [DATA_CORRUPT]"`,
    );
  });

  test('too few bytes', async () => {
    expect(await errorOf(npyBytes('<f4', [2, 2], new Uint8Array(12)))).toMatchInlineSnapshot(
      `"<folder>/x.npy has 82 bytes, but its header announces 86. Fetch it again. [DATA_TRUNCATED]"`,
    );
  });

  test('gigabytes behind a small array in a gzip file, without unpacking them', async () => {
    const bytes = gzipSync(Buffer.concat([npyBytes('|u1', [1, 1], Uint8Array.of(0)), Buffer.alloc(100 << 20)]));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 1);
    const error = await errorOf(bytes);
    clearInterval(timer);
    expect(error).toContain('goes on after the 71 bytes that its header announces');
    expect(most - before).toBeLessThan(20 << 20);
  });

  test('a header in a gzip file that announces more than deflate can give, before asking for memory', async () => {
    const packed = gzipSync(npyBytes('<f4', [1000, 1000, 1000], new Uint8Array(1 << 20)));
    const most = packed.length * 1032;
    expect(await errorOf(packed)).toBe(
      `<folder>/x.npy has at most ${most} bytes, but its header announces 4000000082. Fetch it again. [DATA_TRUNCATED]`,
    );
    expect(most).toBeLessThan(2 ** 21);
  });

  test('NaN, with its index', async () => {
    const values = Float32Array.of(1, 2, 3, 4, Number.NaN, 6);
    expect(await errorOf(npyBytes('<f4', [2, 3], bytesOf(values)))).toMatchInlineSnapshot(
      `"<folder>/x.npy: the element at [1, 1] is NaN. Every number must be finite in float32; correct or leave out the sample. [DATA_NUMBER]"`,
    );
  });

  test('float64 beyond float32', async () => {
    expect(await errorOf(npyBytes('<f8', [2, 1], bytesOf(Float64Array.of(1, 1e300))))).toMatchInlineSnapshot(
      `"<folder>/x.npy: the element at [1, 0] is Infinity. Every number must be finite in float32; correct or leave out the sample. [DATA_NUMBER]"`,
    );
  });

  test('integers beyond 32 bits', async () => {
    const y = npyBytes('<i8', [2], bytesOf(BigInt64Array.of(0n, 5_000_000_000n)));
    expect(await errorOf(x, y)).toMatchInlineSnapshot(
      `"<folder>/y.npy: element 1 is 5000000000, which 32 bits do not hold. Use smaller whole numbers, or floats. [DATA_NUMBER]"`,
    );
  });

  test('one-hot classes', async () => {
    const y = npyBytes('<i4', [2, 2], bytesOf(Int32Array.of(1, 0, 0, 1)));
    expect(await errorOf(x, y)).toMatchInlineSnapshot(
      `"<folder>/y.npy has the shape [2, 2], but classes are one whole number per sample. Save y.argmax(axis=1) if it is one-hot; set target: value if it is something to regress. [DATA_SHAPE]"`,
    );
  });

  test('negative classes', async () => {
    expect(await errorOf(x, labels(0, -1))).toMatchInlineSnapshot(
      `"<folder>/y.npy: label -1 at sample 1 is not one of the 1 classes 0..0. Labels are whole numbers from 0; correct the file, or set classes. [DATA_LABEL_RANGE]"`,
    );
  });

  test('a shape of another size', async () => {
    expect(await errorOf(x, labels(0, 1), { shape: [3, 1] })).toMatchInlineSnapshot(
      `"<folder>/x.npy holds samples of 2 numbers, but shape: [3, 1] asks for 3. Give a shape whose product is the number of values in a sample. [DATA_SHAPE]"`,
    );
  });

  test('a single dimension', async () => {
    expect(await errorOf(npyBytes('|u1', [2], Uint8Array.of(1, 2)))).toMatchInlineSnapshot(
      `"<folder>/x.npy has the shape [2]. It must be [N, …]: samples first. [DATA_SHAPE]"`,
    );
  });

  test('counts that differ', async () => {
    expect(await errorOf(x, labels(0, 1, 0))).toMatchInlineSnapshot(
      `"<folder>/x.npy holds 2 samples, but <folder>/y.npy holds 3 labels. Give the two files that belong together. [DATA_COUNT]"`,
    );
  });
});
