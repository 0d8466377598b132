import type { CheckpointParts } from '../core/checkpoint.js';
import { digestOf } from '../core/hash.js';
import type { TrainingSetup } from './build.js';
import type { TrainingState } from './engine/engine.js';
import type { HistoryEntry, TrainRequest } from './request.js';
import type { StepCurveState } from './step-curve.js';

/** Raised when the meaning of the parts changes: an old checkpoint is then not used. */
const FORMAT = 2;

/** Weights worth coming back to. */
export interface Snapshot {
  readonly entry: HistoryEntry;
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
}

/**
 * All that a training run needs to go on after a step as if it had never stopped. Orders of samples, dropout masks and
 * the learning rate follow from the seed and the number of the step: they need no state.
 */
export interface RunState {
  /** Steps done. The epoch that ends here may not have been judged yet: `epoch.steps` is not 0 then. */
  readonly step: number;
  readonly epoch: {
    readonly elapsedMs: number;
    readonly steps: number;
    readonly loss: number;
    readonly correct: number;
  };
  readonly history: readonly HistoryEntry[];
  readonly curve: StepCurveState;
  readonly kept: Snapshot | null;
  readonly engine: TrainingState;
  /** Running statistics of batch normalizations. */
  readonly statistics: Float32Array;
  /** The present mask, one byte per trained element; null if the run is not masked. */
  readonly keep: Uint8Array | null;
}

/** What a checkpoint must agree with to be of this run: it cannot be told from a wrong one by its sizes alone. */
export function fingerprintOf(setup: TrainingSetup, request: TrainRequest): string {
  const { program, layout, statisticsLayout, batch, steps } = setup;
  const shapes = [layout, statisticsLayout].map(({ entries }) => entries.map(({ name, dims }) => ({ name, dims })));
  return digestOf({
    format: FORMAT,
    shapes: shapes.map((entries) => entries.map(({ name, dims }) => ({ name, dims: [...dims] }))),
    slots: [...program.slotNames],
    shards: program.shards,
    microBatches: program.microBatches,
    isMasked: program.isMasked,
    batch,
    steps,
    samples: request.data.train.count,
    seed: request.random.seed,
  });
}

/** The state as parts; views of it, so that nothing is copied. */
export function partsOf(state: RunState, fingerprint: string): CheckpointParts {
  const { step, epoch, history, curve, kept, engine, statistics, keep } = state;
  const facts = { fingerprint, step, epoch, history, curve, kept: kept?.entry ?? null };
  return new Map<string, Uint8Array>([
    ['train.json', new TextEncoder().encode(JSON.stringify(facts))],
    ['parameters', bytesOf(engine.parameters)],
    ...engine.slots.map((slot, i): [string, Uint8Array] => [`slot ${i}`, bytesOf(slot)]),
    ['statistics', bytesOf(statistics)],
    ...(keep === null ? [] : [['keep', keep] as const]),
    ...(kept === null
      ? []
      : ([
          ['kept parameters', bytesOf(kept.parameters)],
          ['kept statistics', bytesOf(kept.statistics)],
        ] as const)),
  ]);
}

/** The state in the parts; null if they are of another run. */
export function stateOf(parts: CheckpointParts, setup: TrainingSetup, fingerprint: string): RunState | null {
  const json = parts.get('train.json');
  if (json === undefined) return null;
  const facts = JSON.parse(new TextDecoder().decode(json)) as Pick<RunState, 'step' | 'epoch' | 'history' | 'curve'> & {
    readonly fingerprint: string;
    readonly kept: HistoryEntry | null;
  };
  if (facts.fingerprint !== fingerprint) return null;
  const { program } = setup;
  const floats = (name: string): Float32Array => new Float32Array(bytesIn(parts, name).buffer);
  return {
    step: facts.step,
    epoch: facts.epoch,
    history: facts.history,
    curve: facts.curve,
    kept:
      facts.kept === null
        ? null
        : { entry: facts.kept, parameters: floats('kept parameters'), statistics: floats('kept statistics') },
    engine: { parameters: floats('parameters'), slots: program.slotNames.map((_, i) => floats(`slot ${i}`)) },
    statistics: floats('statistics'),
    keep: program.isMasked ? bytesIn(parts, 'keep') : null,
  };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A part in a buffer of its own. */
function bytesIn(parts: CheckpointParts, name: string): Uint8Array {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`internal: the checkpoint has no "${name}"`);
  return part.byteLength === part.buffer.byteLength ? part : part.slice();
}
