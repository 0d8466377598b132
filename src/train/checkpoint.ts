import type { CheckpointParts } from '../core/checkpoint.js';
import { digestOf } from '../core/hash.js';
import type { TrainingSetup } from './build.js';
import { arePossible, type CheckpointFacts, readFacts } from './checkpoint-facts.js';
import type { TrainingState } from './engine/engine.js';
import type { HistoryEntry, TrainRequest } from './request.js';
import type { StepCurveState } from './step-curve.js';

/** Raised when the meaning of the parts changes: an old checkpoint is then not used. */
const FORMAT = 3;

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
  readonly epoch: CheckpointFacts['epoch'];
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
  const facts: CheckpointFacts = { fingerprint, step, epoch, history, curve, kept: kept?.entry ?? null };
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

/**
 * The state in the parts; null if they are of another run, 'damaged' if they say to be of this one and cannot be: whoever wrote them
 * can also have made a digest that fits.
 */
export function stateOf(
  parts: CheckpointParts,
  setup: TrainingSetup,
  run: { readonly fingerprint: string; readonly stepsPerEpoch: number },
): RunState | null | 'damaged' {
  const part = parts.get('train.json');
  if (part === undefined) return null;
  const facts = readFacts(part);
  if (facts === null) return 'damaged';
  if (facts.fingerprint !== run.fingerprint) return null;
  const { program, layout, statistics, statisticsLayout, steps } = setup;
  const { step, epoch, history, curve, kept } = facts;
  const sizes = new Map([
    ['parameters', 4 * layout.size],
    ...program.slotNames.map((_, i): [string, number] => [`slot ${i}`, 4 * layout.size]),
    ['statistics', 4 * statistics.length],
    ...(program.isMasked ? [['keep', layout.size] as const] : []),
    ...(kept === null
      ? []
      : [['kept parameters', 4 * layout.size] as const, ['kept statistics', 4 * statisticsLayout.size] as const]),
  ]);
  const isComplete = [...sizes].every(([name, bytes]) => parts.get(name)?.byteLength === bytes);
  if (!isComplete || !arePossible(facts, { steps, stepsPerEpoch: run.stepsPerEpoch })) return 'damaged';
  const bytes = (name: string): Uint8Array => inOwnBuffer(parts.get(name)!);
  const floats = (name: string): Float32Array => new Float32Array(bytes(name).buffer);
  return {
    step,
    epoch,
    history,
    curve,
    kept:
      kept === null
        ? null
        : { entry: kept, parameters: floats('kept parameters'), statistics: floats('kept statistics') },
    engine: { parameters: floats('parameters'), slots: program.slotNames.map((_, i) => floats(`slot ${i}`)) },
    statistics: floats('statistics'),
    keep: program.isMasked ? bytes('keep') : null,
  };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function inOwnBuffer(part: Uint8Array): Uint8Array {
  return part.byteLength === part.buffer.byteLength ? part : part.slice();
}
