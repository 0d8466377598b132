import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MeasuredPiece } from '../../src/autodiff/index.js';
import { buildBackward, probeChannelBlock } from '../../src/autodiff/index.js';
import { Random } from '../../src/core/random.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatsOf } from '../../src/onnx/tensor.js';
import { crossEntropy } from '../../src/train/losses/cross-entropy.js';
import { chooserFrom, formatLoweringChoices, readLoweringChoices } from '../../src/train/lowering-choices.js';
import { sgd } from '../../src/train/optimizers/sgd.js';
import { train } from '../../src/train/train.js';
import { tuneTraining } from '../../src/train/tune-training.js';
import { expectClose } from '../support/gradient-vectors.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { halvesDataset, networkFor } from './rig.js';

const LAYERS = [
  { conv: { filters: 4, kernel: 3, pad: 1 } },
  'relu',
  { conv: { filters: 8, kernel: 3 } },
  'relu',
  { linear: 2 },
];
const data = halvesDataset(64, 16);
let model: Model;
let pieces: MeasuredPiece[];

beforeAll(async () => {
  model = await networkFor(data, LAYERS);
  pieces = await tuneTraining(model, { batch: 16, shards: 2, rounds: 1 });
});

const steps = async (choices: ReadonlyMap<string, string>) => {
  const { model: trained } = await train({
    model,
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { steps: 3 },
    batch: 16,
    shards: 2,
    keep: 'last',
    random: new Random(1),
    lowerings: chooserFrom('choices.json', { cpuClass: 'any', choices }),
  });
  return [...trained.graph.initializers.values()].flatMap((tensor) => [...floatsOf(tensor)]);
};

describe('tuneTraining', () => {
  it('measures every way of the pieces of one shard, and keeps to those', async () => {
    const gradient = pieces.find(({ key }) => key.includes('convolution weight gradient: x 8×4×8×8'));
    expect(gradient?.key).toBe(
      'convolution weight gradient: x 8×4×8×8 dy 8×8×6×6 kernel 3×3 strides 1×1 dilations 1×1 pads 0×0',
    );
    const onBlocks = (await probeChannelBlock()) === null ? [] : ['gradientAsKernel'];
    expect(Object.keys(gradient!.ms)).toEqual([...onBlocks, 'im2col', 'rows', 'separableShift', 'tap']);
    for (const { way, usual, ms } of pieces) {
      expect(Object.values(ms).every((time) => time > 0)).toBe(true);
      expect(way === usual || ms[way]! < 0.9 * ms[usual]!).toBe(true);
    }
  });

  it('leads to the same training by any choice, up to rounding', async () => {
    const usual = await steps(new Map());
    const others = pieces.map(({ key, usual, ms }) => [key, Object.keys(ms).find((way) => way !== usual)!] as const);
    const other = await steps(new Map(others));
    expect(other).not.toEqual(usual);
    expectClose(Float32Array.from(other), Float32Array.from(usual), 1e-4, 'weights');
    expect(await steps(new Map(others))).toEqual(other);
  });

  it('refuses shards that do not divide the batch', async () => {
    await expect(tuneTraining(model, { batch: 16, shards: 3 })).rejects.toThrow(
      'A batch of 16 samples cannot be split into 3 equal shards.',
    );
  });
});

describe('a file of choices', () => {
  const written = (text: string) => join(temporaryFolder({ 'lowerings.json': text }), 'lowerings.json');

  it('reads as it was written, sorted', () => {
    const choices = new Map([
      ['b', 'tap'],
      ['a', 'rows'],
    ]);
    const path = written(formatLoweringChoices({ cpuClass: 'x64-avx2', choices }));
    const read = readLoweringChoices(path);
    expect(read.cpuClass).toBe('x64-avx2');
    expect([...read.choices]).toEqual([
      ['a', 'rows'],
      ['b', 'tap'],
    ]);
  });

  it.each([
    ['{', 'it is not JSON'],
    ['null', 'its "latheLowerings" is not 1'],
    ['{ "latheLowerings": 2 }', 'its "latheLowerings" is not 1'],
    ['{ "latheLowerings": 1, "cpuClass": "x", "choices": [] }', 'its "choices" are not an object'],
    ['{ "latheLowerings": 1, "cpuClass": "x", "choices": { "a": 1 } }', 'what it chooses for "a" is not a text'],
  ])('is refused if it holds %s', (text, reason) => {
    expect(() => readLoweringChoices(written(text))).toThrow(reason);
  });

  it('is refused where it names a way that is not possible', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [8, 1, 8, 8]);
    const w = b.input('w', 'float32', [4, 1, 3, 3]);
    const loss = b.op('ReduceSum', [b.op('Conv', [x, w], { pads: [1, 1, 1, 1] })], { keepdims: 0 });
    const key = 'convolution weight gradient: x 8×1×8×8 dy 8×4×8×8 kernel 3×3 strides 1×1 dilations 1×1 pads 1×1';
    const wrong = chooserFrom('mine.json', { cpuClass: 'x', choices: new Map([[key, 'fastest']]) });
    expect(() => buildBackward(b, loss, [w], { choose: wrong })).toThrow(
      `mine.json cannot be used as \`lowerings\`: it chooses "fastest" for "${key}", where im2col, rows, separableShift, tap are possible.`,
    );
  });
});
