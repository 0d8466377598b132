import {
  appendForward,
  checkDifferentiable,
  type MeasuredPiece,
  probeChannelBlock,
  standardForm,
  tuneLowerings,
} from '../autodiff/index.js';
import { UserError } from '../core/errors.js';
import { GraphBuilder } from '../onnx/builder.js';
import type { Model } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { chooseShards } from './choose-shards.js';
import { trainableParameters } from './parameters.js';

export interface TuneTraining {
  /** Samples a step. */
  readonly batch: number;
  /** Default: as a training stage chooses them. */
  readonly shards?: number | undefined;
  readonly rounds?: number;
  onMeasured?(piece: MeasuredPiece): void;
}

/**
 * Measures the ways to compute the pieces of a training step of this model, with the shapes that a stage gives them.
 * Throws AUTODIFF_… for a model that cannot be trained, TRAIN_NOTHING for one without weights, TRAIN_SHARDS where the shards do not divide the batch.
 */
export async function tuneTraining(model: Model, options: TuneTraining): Promise<MeasuredPiece[]> {
  const upgraded = standardForm(model);
  const trained = trainableParameters(upgraded).map(({ name }) => name);
  if (trained.length === 0) {
    throw new UserError(
      'TRAIN_NOTHING',
      'The model has no float32 weights to train.',
      'Give a model as training stages receive it, before it is quantized.',
    );
  }
  checkDifferentiable(upgraded, trained);
  const { batch } = options;
  const shards = options.shards ?? usualShards(upgraded, { batch, trained });
  if (batch % shards !== 0) {
    throw new UserError(
      'TRAIN_SHARDS',
      `A batch of ${batch} samples cannot be split into ${shards} equal shards.`,
      'Choose a number of shards that divides the batch.',
    );
  }
  return tuneLowerings(upgraded, {
    ...options,
    samples: batch / shards,
    trained,
    channelBlock: await probeChannelBlock(),
  });
}

function usualShards(model: Model, { batch, trained }: { batch: number; trained: readonly string[] }): number {
  const b = new GraphBuilder({ opset: model.opsets.get('')! });
  const inputs = Object.fromEntries(
    model.graph.inputs.map(({ name, dataType, shape }) => [
      name,
      b.input(name, dataType, (shape ?? []).with(0, batch)),
    ]),
  );
  appendForward(b, model, { inputs, training: false });
  const size = trained.reduce((sum, name) => sum + sizeOf(model.graph.initializers.get(name)!.dims), 0);
  return chooseShards(b, { batch, size });
}
