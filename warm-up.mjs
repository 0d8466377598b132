/**
 * Part of the build: a run that finds everything in the cache, as most do, so that V8 has compiled what such a run takes when its code
 * is kept. The results are made up: computing them would take onnxruntime and some seconds.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from './dist/src/artifacts/store.js';
import { keyFunction } from './dist/src/cli/keys.js';
import { preparePlan } from './dist/src/cli/prepare.js';
import { outputsOf } from './dist/src/run/run-cell.js';
import { runtimeFacts } from './dist/src/run/runtime-facts.js';

/** @param runProgram of the joined command line, in this process */
export async function warmUp(runProgram) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-build-'));
  const before = process.cwd();
  process.chdir(folder);
  try {
    mkdirSync('pipelines');
    const recipe = join(folder, 'pipelines', 'digits.yaml');
    copyFileSync(new URL('./pipelines/digits.yaml', import.meta.url), recipe);
    await fillCache(recipe, join(folder, 'cache'));
    const code = await runProgram(['run', recipe, '--cache-dir', join(folder, 'cache'), '--no-lock'], TERMINAL, {});
    // A gate that the made-up metrics fail matters as little as they do.
    if (code !== 0 && code !== 3) throw new Error(`the run of pipelines/digits.yaml ended with ${code}`);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fillCache(recipe, cacheDir) {
  const plan = await preparePlan({ recipe, allowPath: [], localPlugins: true }, { terminal: TERMINAL, env: {} });
  const store = new Store(cacheDir);
  const keyOf = keyFunction(runtimeFacts(), plan);
  const made = new Map();
  for (const cell of plan.cells) {
    const inputs = new Map(Object.entries(cell.inputs).map(([slot, source]) => [slot, made.get(source.cell)]));
    const { key, record, details } = keyOf(
      cell,
      Object.fromEntries([...inputs].map(([slot, { digest }]) => [slot, digest])),
    );
    const staging = await store.makeStaging();
    const file = join(staging, 'model.onnx');
    writeFileSync(file, `made up for ${cell.id}`);
    const makes = cell.definition.outputs.model === 'model';
    const committed = await store.commit({
      ...{ key, keyRecord: record, details: details(), durationMs: 1, overrule: false },
      outputs: makes ? { model: [file] } : {},
      metrics: makes ? TRAINED : MEASURED,
    });
    await store.removeStaging(staging);
    made.set(cell.id, outputsOf(cell, { record: committed }, inputs, store).get('model'));
  }
}

const same = (text) => text;
const TERMINAL = {
  out() {},
  err() {},
  isInteractive: false,
  paint: { good: same, bad: same, warn: same, dim: same, bold: same },
};

const TRAINED = {
  accuracy: 1,
  epochs: 2,
  history: [1, 2].map((epoch) => ({
    epoch,
    step: epoch,
    loss: 1,
    learningRate: 1,
    accuracy: 1,
    validationAccuracy: 1,
  })),
  steps: { step: [1, 2], loss: [1, 1], learningRate: [1, 1] },
};
const MEASURED = {
  ...{ accuracy: 1, agreement: 1, confusion: [[1]], perClass: { 0: 1 }, latencyMs: { p50: 1, p95: 1 }, split: 'test' },
  ...{ gzipBytes: 1, modelBytes: 1, parameters: 1, nonzeroParameters: 1, macs: 1, samples: 1, sparsity: 0, loss: 1 },
};
