import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { readOutline } from '../../src/onnx/outline.js';
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

  /** A model whose tensors say that they lie at these places, in a data file of 1 MB. */
  const claiming = async (count: number, place: { offset: number; length: number }) => {
    const b = new GraphBuilder();
    const data = floatTensor(new Float32Array(place.length / 4), [place.length / 4]);
    const names = Array.from({ length: count }, (_, i) => b.initializer(`w${i}`, data));
    b.output(b.op('Sum', names), 'y');
    const path = join(folder, 'm.onnx');
    const places = new Map(names.map((_, i) => [`w${i}`, { location: 'data', ...place }]));
    await writeFile(path, joined(modelSegments(b.build(), places)));
    await writeFile(join(folder, 'data'), Buffer.alloc(1_000_000, 1));
    return path;
  };

  test('tensors may share a region, but thousands of one small file are refused', async () => {
    const tied = await readModel(await claiming(3, { offset: 0, length: 1_000_000 }));
    expect(tied.graph.initializers.get('w2')!.bytes).toEqual(new Uint8Array(1_000_000).fill(1));
    const path = await claiming(3000, { offset: 8, length: 999_992 });
    const refused = {
      code: 'ONNX_EXTERNAL_DATA',
      problem:
        'The tensor "w4" and those before it take 4999960 bytes out of "data", which has 1000000: they lie over each other.',
    };
    await expect(readModel(path)).rejects.toMatchObject(refused);
    expect(() => readOutline(path)).toThrow(refused.problem);
  });

  test('the last byte of the data file is the last that a tensor can have', async () => {
    const path = await claiming(1, { offset: 999_996, length: 4 });
    expect((await readModel(path)).graph.initializers.get('w0')!.bytes).toEqual(Uint8Array.of(1, 1, 1, 1));
    for (const offset of [999_997, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
      await expect(readModel(await claiming(1, { offset, length: 4 }))).rejects.toThrow('which has 1000000 bytes.');
    }
  });

  test('a file of holes larger than memory is refused before memory is taken, for a plan as well', async () => {
    const path = await claiming(1, { offset: 0, length: 8 });
    const place = { location: 'data', offset: 0, length: 2 ** 46 };
    const lying = model();
    lying.graph.initializers.set('w', { dataType: 'float32', dims: [2 ** 44], bytes: new Uint8Array(0) });
    await writeFile(path, joined(modelSegments(lying, new Map([['w', place]]))));
    await expect(readModel(path)).rejects.toThrow('which has 1000000 bytes.');
    await truncate(join(folder, 'data'), 2 ** 43);
    await expect(readModel(path)).rejects.toThrow('which has 8796093022208 bytes.');
    expect(() => readOutline(path)).toThrow('which has 8796093022208 bytes.');
    place.length = 2 ** 42;
    lying.graph.initializers.set('w', { dataType: 'float32', dims: [2 ** 40], bytes: new Uint8Array(0) });
    await writeFile(path, joined(modelSegments(lying, new Map([['w', place]]))));
    await expect(readModel(path)).rejects.toThrow('need 4398046511104 bytes of memory');
    expect(() => readOutline(path)).toThrow('need 4398046511104 bytes of memory');
  });

  test.each(['/dev/zero', 'link'])('a device is not read: %s', async (location) => {
    const path = await external();
    await symlink('/dev/zero', join(folder, 'model', 'link'));
    await writeFile(path, joined(modelSegments(model(), new Map([['w', { location, offset: 0, length: 1200 }]]))));
    await expect(readModel(path)).rejects.toThrow('outside the folder');
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
