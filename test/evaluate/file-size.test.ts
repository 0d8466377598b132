import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { fileSize } from '../../src/evaluate/file-size.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-file-size-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('gives the bytes of a file and of its gzip stream, also where it is read in pieces', async () => {
  const random = new Random('file size');
  const bytes = Uint8Array.from({ length: 2_500_000 }, (_, i) => (i % 2 === 0 ? 0 : random.int(256)));
  const path = join(folder, 'model.onnx');
  await writeFile(path, bytes);
  expect(await fileSize([path])).toEqual({
    modelBytes: 2_500_000,
    gzipBytes: gzipSync(bytes, { level: 9 }).length,
  });
});

it('adds external data to the same stream', async () => {
  const [first, second] = [join(folder, 'a'), join(folder, 'b')];
  await writeFile(first, 'lathe '.repeat(1000));
  await writeFile(second, 'lathe '.repeat(500));
  expect(await fileSize([first, second])).toEqual({
    modelBytes: 9000,
    gzipBytes: gzipSync('lathe '.repeat(1500), { level: 9 }).length,
  });
});
