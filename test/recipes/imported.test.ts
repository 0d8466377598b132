import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { Random } from '../../src/core/random.js';
import type { Model } from '../../src/onnx/ir.js';
import { readModel } from '../../src/onnx/read.js';
import { sizeOf } from '../../src/onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../../src/runtime/session.js';
import { npyBytes } from '../data/support.js';
import { IMPORTED, MODULES } from '../support/imported-networks.js';
import { lathe } from '../support/lathe.js';
import { wordPixels, writeWords } from '../support/words.js';

/** 50 steps take seconds; a busy machine takes several times as long. */
const TIMEOUT_MS = 240_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lathe-imported-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(recipe: string): Promise<RunRecord> {
  writeFileSync(join(folder, 'recipe.yaml'), recipe);
  const { code, stdout, stderr } = await lathe(['run', '--json', '--no-lock', '--allow-path', MODULES], {
    cwd: folder,
  });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as RunRecord;
}

function metricsOf(record: RunRecord, cell: string): Readonly<Record<string, unknown>> {
  return record.stages.find((stage) => stage.cell === cell)!.metrics;
}

/** Training loss of each epoch. */
function losses(record: RunRecord): number[] {
  return (metricsOf(record, 'tuned').history as { loss: number }[]).map(({ loss }) => loss);
}

/** All that a deployment relies on: operators and how they are set, how they hang together, ends, shapes of weights. */
function structure({ graph, opsets }: Model) {
  return {
    opsets,
    nodes: graph.nodes,
    inputs: graph.inputs,
    outputs: graph.outputs,
    weights: [...graph.initializers].map(([name, { dims }]) => [name, dims]),
  };
}

/** The first output for a batch, flat. */
async function firstOutput(session: Session, x: Feed): Promise<Feed> {
  return (await session.run({ [session.inputNames[0]!]: x }))[session.outputNames[0]!]!;
}

interface Case {
  readonly name: keyof typeof IMPORTED;
  readonly sample: readonly number[];
  /** One sample. */
  readonly draw: (random: Random) => Promise<Float32Array>;
  readonly samples: number;
  readonly batch: number;
  /** Sizes of a batch that the exported model takes. */
  readonly batches: readonly number[];
}

function noise(sample: readonly number[], draw: (random: Random) => number): Case['draw'] {
  return async (random) => Float32Array.from({ length: sizeOf(sample) }, () => draw(random));
}

const [FACE, LINES, SPEECH, TEXT] = [
  [128, 128, 3],
  [320, 320, 4],
  [76, 32, 1],
  [3, 64, 64],
];
const normal = (random: Random) => 0.5 * random.normal();
const byte = (random: Random) => random.int(256);
const word = (random: Random) => wordPixels(random, 64);

const CASES: readonly Case[] = [
  { name: 'face', sample: FACE!, draw: noise(FACE!, normal), samples: 20, batch: 2, batches: [1] },
  { name: 'lines', sample: LINES!, draw: noise(LINES!, byte), samples: 10, batch: 1, batches: [1] },
  { name: 'speech', sample: SPEECH!, draw: noise(SPEECH!, normal), samples: 20, batch: 2, batches: [1, 3] },
  { name: 'text', sample: TEXT!, draw: word, samples: 20, batch: 2, batches: [1, 3] },
];

describe.each(CASES)('$name', ({ name, sample, draw, samples, batch, batches }) => {
  const theirs = IMPORTED[name];

  /** What the network answers, and has to answer again once a fifth of its weights is gone. */
  async function writeAnswers(): Promise<void> {
    const random = new Random(name);
    const x = new Float32Array(samples * sizeOf(sample));
    const session = await Session.create(theirs);
    const answers: number[] = [];
    let dims: readonly number[] = [];
    for (let i = 0; i < samples; i++) {
      const drawn = await draw(random);
      x.set(drawn, i * drawn.length);
      const answer = await firstOutput(session, floatFeed(drawn, [1, ...sample]));
      answers.push(...(answer.data as Float32Array));
      dims = answer.dims.slice(1);
    }
    await session.release();
    const write = (file: string, shape: readonly number[], values: Float32Array) =>
      writeFileSync(join(folder, file), npyBytes('<f4', [samples, ...shape], new Uint8Array(values.buffer)));
    write('x.npy', sample, x);
    write('y.npy', dims, Float32Array.from(answers));
  }

  it('learns again in 50 steps what pruning took, and keeps its structure', { timeout: TIMEOUT_MS }, async () => {
    await writeAnswers();
    const epochs = (50 * batch) / samples;
    const record = await run(`version: 1
models: { theirs: { file: "${theirs}" } }
data: { answers: { uses: npy, with: { train: { x: x.npy, y: y.npy }, normalize: none } } }
stages:
  - { id: pruned, uses: prune, from: theirs, with: { keep: 0.8 } }
  - { id: tuned, uses: finetune, with: { data: answers, epochs: ${epochs}, batch: ${batch}, batchNorm: frozen, optimizer: { adam: { lr: 1.0e-4 } } } }
exports: { model: { from: tuned, to: ${name}.onnx } }
`);
    const [first, last] = [losses(record)[0]!, losses(record).at(-1)!];
    expect(last).toBeLessThan(0.8 * first);

    const [given, made] = [await readModel(theirs), await readModel(join(folder, `${name}.onnx`))];
    expect(structure(made)).toEqual(structure(given));
    const session = await Session.create(join(folder, `${name}.onnx`));
    for (const count of batches) {
      const x = Float32Array.from({ length: count * sizeOf(sample) }, (_, i) => Math.sin(i % 977));
      const answer = await firstOutput(session, floatFeed(x, [count, ...sample]));
      expect(answer.dims[0]).toBe(count);
      expect((answer.data as Float32Array).every(Number.isFinite)).toBe(true);
    }
    await session.release();
  });
});

describe('direction', () => {
  beforeAll(async () => {
    await writeWords(join(folder, 'train'), 40, 'train');
    await writeWords(join(folder, 'test'), 40, 'test');
  }, TIMEOUT_MS);

  const recipe = (training: string) => `version: 1
models: { theirs: { file: "${IMPORTED.direction}" } }
data:
  words:
    uses: images
    with: { train: train, test: test, size: [32, 128], normalize: { mean: [127.5], std: [127.5] } }
stages:
  - { id: before, uses: evaluate, from: theirs, with: { data: words } }
  - { id: tuned, uses: finetune, from: theirs, with: { data: words, batch: 8, optimizer: { adam: { lr: 3.0e-4 } }, ${training} } }
  - { id: after, uses: evaluate, with: { data: words } }
exports: { model: { from: tuned, to: direction.onnx } }
`;

  it('tells better which words are upside down after 50 steps, and keeps its structure', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const record = await run(recipe('epochs: 5, batchNorm: frozen'));
    expect(losses(record).at(-1)).toBeLessThan(losses(record)[0]! / 10);
    const [before, after] = ['before', 'after'].map((cell) => metricsOf(record, cell).accuracy as number);
    // It was trained on print, and knows most of these letters; 80 words have a standard error of 0.02 at 0.97.
    expect(before).toBeGreaterThan(0.8);
    expect(after).toBeGreaterThan(Math.max(0.95, before!));

    const made = await readModel(join(folder, 'direction.onnx'));
    expect(structure(made)).toEqual(structure(await readModel(IMPORTED.direction)));
    const session = await Session.create(join(folder, 'direction.onnx'));
    const wide = await firstOutput(session, floatFeed(new Float32Array(3 * 3 * 48 * 192), [3, 3, 48, 192]));
    expect(wide.dims).toEqual([3, 2]);
    await session.release();
  });

  it('loses its 35 batch normalizations where they are folded, and computes the same', {
    timeout: TIMEOUT_MS,
  }, async () => {
    // One step that changes next to nothing.
    const record = await run(recipe('epochs: 0.1, batchNorm: folded').replace('3.0e-4', '1.0e-9'));
    const given = await readModel(IMPORTED.direction);
    const made = await readModel(join(folder, 'direction.onnx'));
    const operators = ({ graph }: Model) => graph.nodes.map(({ opType }) => opType);
    expect(operators(given).filter((name) => name === 'BatchNormalization')).toHaveLength(35);
    expect(operators(made)).toEqual(operators(given).filter((name) => name !== 'BatchNormalization'));
    expect(metricsOf(record, 'after').accuracy).toBe(metricsOf(record, 'before').accuracy);
    expect(metricsOf(record, 'after').loss).toBeCloseTo(metricsOf(record, 'before').loss as number, 4);
  });
});
