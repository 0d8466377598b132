import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { guarded, isDiskFull, storageError } from '../artifacts/storage-error.js';
import type { StagedFile } from '../artifacts/store.js';
import { isUserError, UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import type { Registry } from '../core/registry.js';
import type { DatasetDefinition } from '../data/dataset.js';
import type { NetworkDefinition } from '../network/network.js';
import { checkModel } from '../onnx/check.js';
import type { Model } from '../onnx/ir.js';
import { writeModel } from '../onnx/write.js';
import type { StageDefinition } from '../plugin/stage.js';
import type { Job, JobEvent, JobResult } from './job.js';
import { outOfMemory } from './out-of-memory.js';
import { isProvenance } from './provenance.js';
import { makeStageContext } from './stage-context.js';

export interface JobRegistries {
  readonly stages: Registry<StageDefinition>;
  readonly datasets: Registry<DatasetDefinition>;
  readonly networks: Registry<NetworkDefinition>;
}

export interface JobSurroundings {
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
  /** Waits until nothing else of the run is at work; the returned function ends that. */
  readonly alone: () => Promise<() => void>;
}

/**
 * Executes a job in this process: opens what the stage may use, runs it, checks what it returns against what it
 * declares, and writes the models into `job.staging`.
 * Throws the stage's UserErrors, RUN_STAGE_THREW for other errors of a plugin, RUN_OUTPUTS and RUN_METRIC where the
 * stage does not keep to its declaration, RUN_OUT_OF_MEMORY where the system has no memory for it.
 */
export async function runJob(job: Job, registries: JobRegistries, io: JobSurroundings): Promise<JobResult> {
  try {
    return await runStage(job, registries, io);
  } catch (error) {
    throw outOfMemory(error, job) ?? error;
  }
}

async function runStage(job: Job, registries: JobRegistries, io: JobSurroundings): Promise<JobResult> {
  const definition = registries.stages.get(job.uses);
  if (definition === undefined) throw new Error(`internal: no stage "${job.uses}" in the child process`);
  const scratch = join(job.staging, 'scratch');
  await guarded(scratch, () => mkdir(scratch));
  const { context, metrics, chosen, checkpoint } = makeStageContext(job, definition, registries, { ...io, scratch });
  let models: Readonly<Record<string, Model>>;
  try {
    models = await definition.run(context);
  } catch (error) {
    throw translate(error, job);
  } finally {
    await checkpoint.settle();
  }
  io.signal.throwIfAborted();
  checkOutputs(job, definition, models);
  checkChosen(job, definition, chosen);
  const outputs: Record<string, readonly StagedFile[]> = {};
  for (const [slot, model] of Object.entries(models)) {
    outputs[slot] = await writeOutput(job, slot, model).catch((error: unknown) => {
      throw unwritable(error, job, slot);
    });
  }
  return {
    outputs,
    ...(chosen.size === 0 ? {} : { chosen: Object.fromEntries(chosen) }),
    metrics: Object.fromEntries([...metrics].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function translate(error: unknown, job: Job): unknown {
  if (isDiskFull(error)) return storageError(error, job.staging);
  if (isUserError(error)) return error;
  // A built-in that throws anything else is a bug of ours, and is shown as one.
  if (job.plugin === null) return error;
  return new UserError(
    'RUN_STAGE_THREW',
    `Stage ${job.cell} (${job.uses} of ${job.plugin}) threw: ${error instanceof Error ? error.message : String(error)}.`,
    'The mistake is in the plugin; --log-level debug shows where.',
    { cause: error, class: 'stage' },
  );
}

/** What a plugin has returned is checked by nobody before it is written. */
function unwritable(error: unknown, job: Job, slot: string): unknown {
  if (isUserError(error) || job.plugin === null) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return outputError(
    `Stage ${job.cell} returned as its output "${slot}" what is no model: ${reason}.`,
    'Return what load() gives, or what GraphBuilder builds; --log-level debug shows where it was found.',
    error,
  );
}

function checkOutputs(job: Job, definition: StageDefinition, models: Readonly<Record<string, Model>>): void {
  const expected = Object.keys(definition.outputs).filter((slot) => definition.outputs[slot] === 'model');
  const returned = typeof models === 'object' && models !== null ? Object.keys(models) : [];
  for (const slot of returned) {
    if (expected.includes(slot)) continue;
    const match = nearest(slot, expected);
    throw outputError(
      `Stage ${job.cell} returned an output "${slot}" that ${job.uses} does not declare.`,
      match === undefined ? `Declared: ${expected.join(', ') || 'none'}.` : `Did you mean "${match}"?`,
    );
  }
  for (const slot of expected) {
    if (returned.includes(slot)) continue;
    throw outputError(
      `Stage ${job.cell} did not return the output "${slot}" that ${job.uses} declares.`,
      `run() must return { ${expected.join(', ')} }.`,
    );
  }
}

function checkChosen(job: Job, { outputs }: StageDefinition, chosen: ReadonlyMap<string, string>): void {
  for (const [slot, spec] of Object.entries(outputs)) {
    if (spec === 'model' || !('chosen' in spec) || chosen.has(slot)) continue;
    throw outputError(
      `Stage ${job.cell} chose no model as its output "${slot}".`,
      `run() must call choose('${slot}', …).`,
    );
  }
}

function outputError(problem: string, fix: string, cause?: unknown): UserError {
  return new UserError('RUN_OUTPUTS', problem, fix, { class: 'stage', cause });
}

/** Writes one model into a folder of its own, so that whatever lies beside it afterwards is its external data. */
async function writeOutput(job: Job, slot: string, model: Model): Promise<readonly StagedFile[]> {
  const folder = join(job.staging, 'outputs', slot);
  // Who made a model is written at export: the cache tells by content alone, see docs/decisions/0002.
  const metadata = new Map([...model.metadata].filter(([name]) => !isProvenance(name)));
  const clean = { ...model, metadata };
  checkModel(clean);
  return guarded(folder, async () => {
    await mkdir(folder, { recursive: true });
    const files: StagedFile[] = [];
    // External data is written first, and belongs behind the model.
    const onDigest = (path: string, digest: string) => void files.unshift({ path, digest });
    await writeModel(clean, join(folder, MODEL_FILE), { onDigest });
    return files;
  });
}

const MODEL_FILE = 'model.onnx';
