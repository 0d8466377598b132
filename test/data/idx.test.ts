import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { idxBytes, openDataset, readAll, temporaryFolder, userErrorOf } from './support.js';

const PIXELS = Array.from({ length: 3 * 4 }, (_, i) => i * 20);

/** A training pair of three images 2×2, with parts replaced. */
async function pair(over: { images?: Buffer; labels?: Buffer } = {}) {
  const folder = temporaryFolder();
  const files = { images: join(folder, 'images'), labels: join(folder, 'labels') };
  await writeFile(files.images, over.images ?? idxBytes([3, 2, 2], PIXELS));
  await writeFile(files.labels, over.labels ?? idxBytes([3], [1, 0, 1]));
  return { folder, files };
}

describe('idx', () => {
  test('reads images and labels, whether gzipped or not, whatever the name', async () => {
    for (const pack of [(bytes: Buffer) => bytes, gzipSync]) {
      const { files } = await pair({
        images: pack(idxBytes([3, 2, 2], PIXELS)),
        labels: pack(idxBytes([3], [1, 0, 1])),
      });
      const data = await openDataset('idx', { train: files, normalize: 'none' });
      expect(data.inputShape).toEqual([1, 2, 2]);
      expect(data.target).toEqual({ kind: 'class', classes: 2 });
      expect(await readAll(data.train, data)).toEqual({ x: Float32Array.from(PIXELS), y: [1, 0, 1] });
    }
  });

  test('images of several channels keep their shape', async () => {
    const { files } = await pair({ images: idxBytes([3, 2, 1, 2], PIXELS) });
    expect((await openDataset('idx', { train: files })).inputShape).toEqual([2, 1, 2]);
  });

  test.runIf(existsSync('/usr/share/datasets/fashion-mnist'))(
    'Fashion-MNIST has the published mean and deviation',
    async () => {
      const at = (name: string) => `/usr/share/datasets/fashion-mnist/${name}-ubyte.gz`;
      const data = await openDataset('idx', {
        train: { images: at('train-images-idx3'), labels: at('train-labels-idx1') },
        test: { images: at('t10k-images-idx3'), labels: at('t10k-labels-idx1') },
      });
      expect([data.train.count, data.test?.count]).toEqual([60_000, 10_000]);
      // 0.2860 and 0.3530 are the figures in common use.
      expect(data.normalization!.mean[0]! / 255).toBeCloseTo(0.286, 4);
      expect(data.normalization!.std[0]! / 255).toBeCloseTo(0.353, 4);
    },
  );
});

describe('idx refuses', () => {
  test('a pipe, without waiting for somebody to write into it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'pipe');
    execFileSync('mkfifo', [file]);
    const train = { images: file, labels: file };
    expect(await userErrorOf(openDataset('idx', { train }), folder)).toBe(
      '<folder>/pipe is a pipe or a device, not a file. Copy it to a file. [DATA_FILE_UNREADABLE]',
    );
  });

  const errorOf = async (over: Parameters<typeof pair>[0], options: object = {}) => {
    const { folder, files } = await pair(over);
    return userErrorOf(openDataset('idx', { train: files, ...options }), folder);
  };

  test('a missing file', async () => {
    const missing = openDataset('idx', { train: { images: '/nowhere/images', labels: '/nowhere/labels' } });
    expect(await userErrorOf(missing)).toMatchInlineSnapshot(
      `"/nowhere/labels does not exist. Check the path: relative ones start at the folder of the recipe. [DATA_FILE_MISSING]"`,
    );
  });

  test('a missing file of a Debian package, with the line that installs it', async () => {
    const at = '/usr/share/datasets/fashion-mnist/missing.gz';
    expect(await userErrorOf(openDataset('idx', { train: { images: at, labels: at } }))).toMatchInlineSnapshot(
      `"/usr/share/datasets/fashion-mnist/missing.gz does not exist. Install it with: apt install dataset-fashion-mnist [DATA_FILE_MISSING]"`,
    );
  });

  test('a folder in place of a file', async () => {
    const folder = temporaryFolder();
    const train = { images: folder, labels: folder };
    expect(await userErrorOf(openDataset('idx', { train }), folder)).toMatchInlineSnapshot(
      `"<folder> is a folder, not a file. Name the file in it. [DATA_FILE_UNREADABLE]"`,
    );
  });

  test('a wrong magic number, in hexadecimal, saying what the file looks like', async () => {
    expect(await errorOf({ images: Buffer.from('<!DOCTYPE html><html>') })).toMatchInlineSnapshot(
      `"<folder>/images is not an IDX file: it begins with 0x3c21444f and looks like a web page (HTML or XML). An IDX file of images begins with 0x00000803, one of labels with 0x00000801. [DATA_MAGIC]"`,
    );
  });

  test('an empty file', async () => {
    expect(await errorOf({ labels: Buffer.alloc(0) })).toMatchInlineSnapshot(
      `"<folder>/labels is not an IDX file: it is empty. An IDX file of images begins with 0x00000803, one of labels with 0x00000801. [DATA_MAGIC]"`,
    );
  });

  test('other element types', async () => {
    const bytes = idxBytes([3, 2, 2], PIXELS);
    bytes[2] = 0x0d;
    expect(await errorOf({ images: bytes })).toMatchInlineSnapshot(
      `"<folder>/images holds 32-bit floats; the idx reader takes unsigned bytes. Convert it, for instance to .npy. [DATA_TYPE]"`,
    );
  });

  test('swapped images and labels', async () => {
    expect(await errorOf({ labels: idxBytes([3, 2, 2], PIXELS) })).toMatchInlineSnapshot(
      `"<folder>/labels has the shape [3, 2, 2], but labels have 1 dimension. Are the paths of images and labels swapped? [DATA_SHAPE]"`,
    );
  });

  test('a truncated file', async () => {
    expect(await errorOf({ images: idxBytes([3, 2, 2], PIXELS).subarray(0, 20) })).toMatchInlineSnapshot(
      `"<folder>/images has 20 bytes, but its header announces 28. Fetch it again. [DATA_TRUNCATED]"`,
    );
  });

  test('a truncated gzip file', async () => {
    const bytes = gzipSync(idxBytes([3, 2, 2], PIXELS));
    expect(await errorOf({ images: bytes.subarray(0, bytes.length - 12) })).toMatchInlineSnapshot(
      `"<folder>/images breaks off inside its compressed data. Fetch it again. [DATA_TRUNCATED]"`,
    );
  });

  test('a gzip file that holds fewer bytes than its header announces', async () => {
    const bytes = gzipSync(idxBytes([3, 2, 2], PIXELS).subarray(0, 20));
    expect(await errorOf({ images: bytes })).toMatchInlineSnapshot(
      `"<folder>/images has only 20 bytes, but its header announces 28. Fetch it again. [DATA_TRUNCATED]"`,
    );
  });

  test('a damaged gzip file', async () => {
    const bytes = gzipSync(idxBytes([3, 2, 2], PIXELS));
    bytes.fill(0xff, 12, 20);
    expect(await errorOf({ images: bytes })).toMatchInlineSnapshot(
      `"<folder>/images is damaged: invalid distance too far back. Fetch it again. [DATA_CORRUPT]"`,
    );
  });

  test('a file that goes on after its data', async () => {
    const bytes = gzipSync(Buffer.concat([idxBytes([3, 2, 2], PIXELS), Buffer.alloc(1 << 20)]));
    expect(await errorOf({ images: bytes })).toMatchInlineSnapshot(
      `"<folder>/images goes on after the 28 bytes that its header announces. The file is damaged, or not of this format; fetch it again. [DATA_TOO_LONG]"`,
    );
  });

  test('a header that announces more than the file can hold, before asking for memory', async () => {
    expect(await errorOf({ images: idxBytes([3, 65536, 65536], PIXELS) })).toMatchInlineSnapshot(
      `"<folder>/images has 28 bytes, but its header announces 12884901904. Fetch it again. [DATA_TRUNCATED]"`,
    );
  });

  test('counts that differ', async () => {
    expect(await errorOf({ labels: idxBytes([2], [1, 0]) })).toMatchInlineSnapshot(
      `"<folder>/images holds 3 samples, but <folder>/labels holds 2 labels. Give the two files that belong together. [DATA_COUNT]"`,
    );
  });

  test('a label out of range, with its sample', async () => {
    expect(await errorOf({ labels: idxBytes([3], [1, 0, 12]) }, { classes: 10 })).toMatchInlineSnapshot(
      `"<folder>/labels: label 12 at sample 2 is not one of the 10 classes 0..9. Labels are whole numbers from 0; correct the file, or set classes. [DATA_LABEL_RANGE]"`,
    );
  });

  test('a test set of another shape', async () => {
    const other = await pair({ images: idxBytes([3, 1, 2], PIXELS.slice(0, 6)) });
    const message = await errorOf({}, { test: other.files });
    expect(message.replaceAll(other.folder, '<other>')).toMatchInlineSnapshot(
      `"Training samples are [1, 2, 2] (<folder>/images), test samples [1, 1, 2] (<other>/images). Both must have the same shape. [DATA_SHAPE]"`,
    );
  });

  test('a set without samples', async () => {
    const empty = { images: idxBytes([0, 2, 2], []), labels: idxBytes([0], []) };
    expect(await errorOf(empty)).toMatchInlineSnapshot(
      `"<folder>/images holds no samples. Check the path. [DATA_EMPTY]"`,
    );
  });

  test('test files together with split.test', async () => {
    const { files } = await pair();
    expect(await errorOf({}, { test: files, split: { test: 1 } })).toMatchInlineSnapshot(
      `"split.test takes test samples out of the training files, but test files are given too. Remove one of the two. [DATA_SPLIT]"`,
    );
  });

  test('a split that takes everything', async () => {
    expect(await errorOf({}, { split: { validation: 3 } })).toMatchInlineSnapshot(
      `"split takes 3 samples out of 3: none are left to train on. Lower split.validation or split.test. [DATA_SPLIT]"`,
    );
  });
});

test('an abort stops the reading', async () => {
  const { files } = await pair();
  const { idx } = await import('../../src/data/idx.js');
  const signal = AbortSignal.abort(new Error('stopped by hand'));
  const options = { train: files, normalize: 'none' };
  await expect(idx.open({ options, signal })).rejects.toThrow('stopped by hand');
});
