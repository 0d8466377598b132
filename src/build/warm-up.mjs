/**
 * Part of the build: what V8 shall have compiled when its code is kept. For the command line, a run that finds everything in the cache, as
 * most do; its results are made up, since computing them would take some seconds. For the processes of stages, a short training.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '../../dist/src/artifacts/store.js';
import { keyFunction } from '../../dist/src/cli/keys.js';
import { preparePlan } from '../../dist/src/cli/prepare.js';
import { childEnvironment } from '../../dist/src/run/child-environment.js';
import { localExecutor } from '../../dist/src/run/local-executor.js';
import { outputsOf } from '../../dist/src/run/run-cell.js';
import { runPlan } from '../../dist/src/run/run-plan.js';
import { runtimeFacts } from '../../dist/src/run/runtime-facts.js';

/** @param runProgram of the joined command line, in this process */
export async function warmUp(runProgram) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-build-'));
  const before = process.cwd();
  process.chdir(folder);
  try {
    mkdirSync('pipelines');
    const recipe = join(folder, 'pipelines', 'digits.yaml');
    copyFileSync(new URL('../../pipelines/digits.yaml', import.meta.url), recipe);
    await fillCache(recipe, join(folder, 'cache'));
    const code = await runProgram(['run', recipe, '--cache-dir', join(folder, 'cache'), '--no-lock'], TERMINAL, {});
    // A gate that the made-up metrics fail matters as little as they do.
    if (code !== 0 && code !== 3) throw new Error(`the run of pipelines/digits.yaml ended with ${code}`);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param childEntry file of a process that keeps its code when it ends */
export async function warmUpJobs(childEntry) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-build-'));
  try {
    const recipe = join(folder, 'recipe.yaml');
    writeFileSync(recipe, TRAINING);
    const plan = await planOf(recipe);
    const facts = runtimeFacts();
    const { failures } = await runPlan(plan, {
      ...{
        store: new Store(join(folder, 'cache')),
        runsDir: join(folder, 'runs'),
        facts,
        keyOf: keyFunction(facts, plan),
      },
      ...{ executor: localExecutor({ childEntry, env: childEnvironment(process.env, []), reuse: false }), jobs: 1, cores: 1 },
      ...{ isForced: () => false, stop: new AbortController().signal, listener() {} },
    });
    if (failures.length > 0) throw failures[0].error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const TRAINING = `version: 1
data: { digits: { uses: digits } }
networks: { it: { layers: [{ conv: { filters: 4, kernel: 3 } }, relu, { maxpool: 2 }, { linear: 10 }] } }
stages:
  - { id: trained, uses: train, with: { network: it, data: digits, epochs: 1, optimizer: { sgd: { lr: 0.05 } } } }
`;

function planOf(recipe) {
  return preparePlan({ recipe, allowPath: [], localPlugins: true }, { terminal: TERMINAL, env: {} });
}

async function fillCache(recipe, cacheDir) {
  const plan = await planOf(recipe);
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
