import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { modelSegments } from '../../src/onnx/proto/encode.js';
import { joined } from '../../src/onnx/proto/wire.js';
import { readModel } from '../../src/onnx/read.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { encodeModel, writeModel } from '../../src/onnx/write.js';
import { Session } from '../../src/runtime/session.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-onnx-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Two weights of 1200 bytes and a bias of 4: only the weights are large enough to lie outside. */
function model(): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [1, 300]);
  const w = b.initializer(
    'w',
    floatTensor(
      Float32Array.from({ length: 300 }, (_, i) => i / 300),
      [300, 1],
    ),
  );
  const v = b.initializer('v', floatTensor(new Float32Array(300).fill(2), [300, 1]));
  const bias = b.initializer('bias', floatTensor([1], [1]));
  b.output(b.op('Add', [b.op('Add', [b.op('MatMul', [x, w]), b.op('MatMul', [x, v])]), bias]), 'y');
  return b.build();
}

const feeds = { x: { dataType: 'float32', dims: [1, 300], data: new Float32Array(300).fill(1) } } as const;

async function run(source: string | Uint8Array): Promise<number> {
  const session = await Session.create(source);
  const { y } = await session.run(feeds);
  await session.release();
  return Number(y!.data[0]);
}

describe('writeModel', () => {
  test('writes the bytes of encodeModel', async () => {
    const path = join(folder, 'm.onnx');
    await writeModel(model(), path);
    expect(new Uint8Array(await readFile(path))).toEqual(encodeModel(model()));
  });

  test('puts large tensors into a second file that onnxruntime and readModel find', async () => {
    const path = join(folder, 'm.onnx');
    await writeModel(model(), path, { externalDataBytes: 0 });
    // The second tensor starts at the next page.
    expect((await stat(`${path}.data`)).size).toBe(4096 + 1200);
    const read = await readModel(path);
    expect(read.graph.initializers).toEqual(model().graph.initializers);
    expect(await run(path)).toBeCloseTo(149.5 + 600 + 1, 3);
  });

  test('writes a model with more parts than one system call takes', async () => {
    const many = model();
    for (let i = 0; i < 2000; i++) many.graph.initializers.set(`extra.${i}`, floatTensor([i], [1]));
    const path = join(folder, 'm.onnx');
    await writeModel(many, path);
    expect((await readModel(path)).graph.initializers).toEqual(many.graph.initializers);
  });

  test('a folder that does not exist is one clear error', async () => {
    await expect(writeModel(model(), join(folder, 'no', 'm.onnx'))).rejects.toMatchObject({ code: 'FILE_WRITE' });
  });
});

describe('external data', () => {
  const external = async () => {
    const path = join(folder, 'model', 'm.onnx');
    await mkdir(join(folder, 'model'));
    await writeModel(model(), path, { externalDataBytes: 0 });
    return path;
  };

  test('a data file that is too short is refused with the tensor and both sizes', async () => {
    const path = await external();
    await truncate(`${path}.data`, 5000);
    await expect(readModel(path)).rejects.toMatchObject({
      code: 'ONNX_EXTERNAL_DATA',
      problem: 'The tensor "v" lies at byte 4096 to 5296 of "m.onnx.data", which has 5000 bytes.',
      place: { kind: 'file', file: path },
    });
  });

  test('a missing data file is refused', async () => {
    const path = await external();
    await rm(`${path}.data`);
    await expect(readModel(path)).rejects.toMatchObject({ code: 'ONNX_EXTERNAL_DATA' });
  });

  test('a link out of the folder is refused, one inside it is followed', async () => {
    const path = await external();
    await rename(`${path}.data`, join(folder, 'secret'));
    await symlink(join(folder, 'secret'), `${path}.data`);
    await expect(readModel(path)).rejects.toThrow('outside the folder');
    await rm(`${path}.data`);
    await rename(join(folder, 'secret'), join(folder, 'model', 'real'));
    await symlink('real', `${path}.data`);
    expect((await readModel(path)).graph.initializers.get('w')!.bytes).toHaveLength(1200);
  });

  test('a folder or a pipe in its place is refused, and nobody waits for the pipe', async () => {
    const path = await external();
    await rm(`${path}.data`);
    execFileSync('mkfifo', [`${path}.data`]);
    await expect(readModel(path)).rejects.toThrow('lies in "m.onnx.data", which is no file.');
    await rm(`${path}.data`);
    await mkdir(`${path}.data`);
    await expect(readModel(path)).rejects.toThrow('lies in "m.onnx.data", which is no file.');
  });

  test.each(['../m.onnx.data', '/etc/hostname', 'sub/../../m.onnx.data'])(
    'the location %s is refused',
    async (location) => {
      const path = await external();
      const place = { location, offset: 0, length: 1200 };
      await writeFile(path, joined(modelSegments(model(), new Map([['w', place]]))));
      await expect(readModel(path)).rejects.toThrow('outside the folder');
    },
  );
});

describe('files that are no model', () => {
  const cases: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['an empty file', '', /is empty/],
    ['a web page', '<!DOCTYPE html><html>Not found</html>', /web page/],
    ['JSON', '{"error": "not found"}', /JSON/],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\n', /git lfs pull/],
    ['a zip archive', 'PK\x03\x04....', /PyTorch/],
    ['plain text', 'hello world', /a text file/],
    ['noise', Uint8Array.of(0x93, 0xff, 0x00, 0x12, 0xff), /no ONNX model/],
    ['an empty message', Uint8Array.of(8, 8), /no graph/],
  ];
  test.each(cases)('%s is told apart', async (_, content, expected) => {
    const path = join(folder, 'm.onnx');
    await writeFile(path, content);
    await expect(readModel(path)).rejects.toMatchObject({
      code: 'ONNX_DECODE',
      message: expect.stringMatching(expected),
    });
  });

  test('a missing file is told', async () => {
    await expect(readModel(join(folder, 'no.onnx'))).rejects.toMatchObject({ code: 'FILE_READ' });
  });

  test('a model cut off at any byte is refused, except where only metadata is lost', async () => {
    const bytes = encodeModel(model());
    const path = join(folder, 'm.onnx');
    for (let length = 0; length < bytes.length; length += 7) {
      await writeFile(path, bytes.subarray(0, length));
      await expect(readModel(path), `at ${length} of ${bytes.length}`).rejects.toMatchObject({ code: 'ONNX_DECODE' });
    }
  });

  test('any single changed byte gives a model or one clear error', async () => {
    const bytes = encodeModel(model());
    const path = join(folder, 'm.onnx');
    for (let at = 0; at < 400; at += 3) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = damaged[at]! ^ 0x55;
      await writeFile(path, damaged);
      const outcome = await readModel(path).then(
        () => 'ONNX_OK',
        (error: { code?: string; stack: string }) => error.code ?? error.stack,
      );
      expect(outcome).toMatch(/^ONNX_[A-Z_]+$/);
    }
  });
});
