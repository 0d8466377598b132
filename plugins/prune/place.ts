import { decodeModel, encodeModel, type Model } from 'onnx-lathe/onnx';
import { type Checkpoint, type CheckpointParts, isUserError } from 'onnx-lathe/plugin';

/** One of the trainings between two pruning steps. */
export interface Place {
  readonly step: number;
  /** As it was before this step pruned it. */
  readonly unpruned: Model;
}

export interface SavedPlace extends Place {
  /** What that training had saved. */
  readonly training: CheckpointParts;
}

export interface PlaceRequest {
  readonly checkpoint: Checkpoint;
  /** Pruning steps of the stage. */
  readonly steps: number;
  /** What the stage began with, and its weights that are pruned. */
  readonly model: Model;
  readonly weights: readonly string[];
  readonly warn: (message: string) => void;
}

/** Where an earlier run of the stage was; null, with a warning if the checkpoint is none that it can have saved, if that is not known. */
export async function savedPlace({
  checkpoint,
  steps,
  model,
  weights,
  warn,
}: PlaceRequest): Promise<SavedPlace | null> {
  const parts = await checkpoint.load();
  if (parts === null) return null;
  const step = Number(Buffer.from(parts.get(STEP) ?? []).toString() || Number.NaN);
  const unpruned = decoded(parts.get(MODEL));
  // A training follows each step but the last.
  const isPlace = Number.isSafeInteger(step) && step >= 1 && step < steps;
  if (isPlace && unpruned !== null && weights.every((name) => haveSameShape(name, unpruned, model))) {
    return { step, unpruned, training: parts };
  }
  warn('The checkpoint is none that this stage can have saved: it begins anew.');
  return null;
}

function decoded(bytes: Uint8Array | undefined): Model | null {
  try {
    return bytes === undefined ? null : decodeModel(bytes);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
}

function haveSameShape(name: string, ...models: readonly [Model, Model]): boolean {
  const [a, b] = models.map(({ graph }) => graph.initializers.get(name));
  return a !== undefined && a.dataType === b?.dataType && a.dims.join() === b.dims.join();
}

/** The checkpoint for one training of the stage: what it saves is kept together with its place. */
export function checkpointAt(checkpoint: Checkpoint, place: Place, saved: SavedPlace | null): Checkpoint {
  let model: Uint8Array | undefined;
  return {
    load: async () => (saved?.step === place.step ? saved.training : null),
    due: (steps) => checkpoint.due(steps),
    save: (fetch) =>
      checkpoint.save(async () => {
        model ??= encodeModel(place.unpruned);
        return new Map([...(await fetch()), [STEP, Buffer.from(String(place.step))], [MODEL, model]]);
      }),
  };
}

const STEP = 'prune step';
const MODEL = 'prune model';
