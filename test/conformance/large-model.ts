/**
 * Inspects, prunes and runs a generated model with external data that is larger than 2 GiB, and tells how much memory
 * that took per byte of its weights. Linux only; run by hand, after `npm run build`:
 *
 *   npx jiti test/conformance/large-model.ts [GIB] [FOLDER]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { LATHE } from '../support/lathe.js';
import { gib, measure } from '../support/peak-memory.js';

const WIDTH = 4096;
const LAYER_BYTES = 4 * WIDTH * WIDTH;
/** What node and onnxruntime take without any model. */
const BASE_BYTES = 0.25 * 2 ** 30;

const RECIPE = `version: 1
models: { large: { file: large.onnx } }
stages:
  - { id: pruned, uses: prune, from: large, with: { keep: 0.5, scope: global } }
`;

const layers = Math.ceil((Number(process.argv[2] ?? 2.5) * 2 ** 30) / LAYER_BYTES);
const weightBytes = layers * LAYER_BYTES;
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'lathe-large-'));
let failures = 0;
try {
  await writeModel(stack(), join(folder, 'large.onnx'), { externalDataBytes: 0 });
  process.stdout.write(`${layers} layers, ${gib(weightBytes)} of weights\n`);
  await check('inspect', [LATHE, 'inspect', 'large.onnx'], 1);
  writeFileSync(join(folder, 'recipe.yaml'), RECIPE);
  await check('prune', [LATHE, 'run'], 1.25);
  await runInMemory();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;

/** All layers share one tensor here, and have their own on the disk. */
function stack() {
  const random = new Random('large');
  const weights = Float32Array.from({ length: WIDTH * WIDTH }, () => random.uniform() - 0.5);
  const b = new GraphBuilder({ name: 'large' });
  let value = b.input('input', 'float32', ['batch', WIDTH]);
  for (let layer = 0; layer < layers; layer++) {
    const weight = b.initializer(`layer${layer}.weight`, floatTensor(weights, [WIDTH, WIDTH]));
    value = b.op('Gemm', [value, weight], { transB: 1 }, { name: `layer${layer}` });
  }
  b.output(value, 'output');
  return b.build();
}

/** A model of this process, without a file: protobuf could not hold it. */
async function runInMemory(): Promise<void> {
  const session = await Session.create(stack());
  const { output } = await session.run({ input: floatFeed(new Float32Array(WIDTH).fill(1e-30), [1, WIDTH]) });
  const isGood = (output!.data as Float32Array).every(Number.isFinite);
  if (!isGood) failures++;
  process.stdout.write(`run from memory: ${isGood ? 'finite outputs' : 'BAD'}\n`);
  await session.release();
}

/** @param limit the most that one process may take, in multiples of the weights; masks of pruning are a quarter */
async function check(name: string, argv: readonly string[], limit: number): Promise<void> {
  const { code, peakBytes, seconds, output } = await measure(process.execPath, argv, folder);
  const peak = Math.max(...peakBytes);
  const ratio = (peak - BASE_BYTES) / weightBytes;
  const isGood = code === 0 && ratio < limit + 0.1;
  if (!isGood) failures++;
  if (code !== 0) process.stdout.write(output);
  const figures = `${gib(peak)}, ${ratio.toFixed(2)} of the weights`;
  process.stdout.write(
    `${name}: exit code ${code}, peak ${figures}, ${Math.round(seconds)} s${isGood ? '' : ': BAD'}\n`,
  );
}
