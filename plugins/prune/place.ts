import { decodeModel, encodeModel, type Model } from 'onnx-lathe/onnx';
import type { Checkpoint, CheckpointParts } from 'onnx-lathe/plugin';

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

/** Where an earlier run of the stage was, or null. */
export async function savedPlace(checkpoint: Checkpoint): Promise<SavedPlace | null> {
  const parts = await checkpoint.load();
  const step = parts?.get(STEP);
  const model = parts?.get(MODEL);
  if (parts === null || step === undefined || model === undefined) return null;
  return { step: Number(Buffer.from(step).toString()), unpruned: decodeModel(model), training: parts };
}

/** The checkpoint for one training of the stage: what it saves is kept together with its place. */
export function checkpointAt(checkpoint: Checkpoint, place: Place, saved: SavedPlace | null): Checkpoint {
  let model: Uint8Array | undefined;
  return {
    load: async () => (saved?.step === place.step ? saved.training : null),
    due: () => checkpoint.due(),
    save: async (parts) => {
      model ??= encodeModel(place.unpruned);
      await checkpoint.save(new Map([...parts, [STEP, Buffer.from(String(place.step))], [MODEL, model]]));
    },
  };
}

const STEP = 'prune step';
const MODEL = 'prune model';
