import { UserError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { Dataset, Samples } from '../data/dataset.js';
import type { Model } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { type Feed, floatFeed } from '../runtime/session.js';

export interface CalibrationSource {
  readonly data: Dataset;
  readonly split: 'train' | 'validation' | 'test';
  /** At most this many samples, drawn at random without repetition. */
  readonly samples: number;
  /** Samples a run; a model whose batch is fixed overrides it. */
  readonly batch: number;
}

/** Samples as feeds of a model with one input, one batch in memory at a time. */
export interface CalibrationBatches extends AsyncIterable<Readonly<Record<string, Feed>>> {
  /** Number of samples drawn. */
  readonly samples: number;
}

/**
 * Draws calibration samples. Where the model's batch is fixed, the last batch is filled up with samples drawn before: ranges do
 * not mind repeats.
 * Throws QUANTIZE_INPUT if the model has not exactly one input, of the data set's shape; QUANTIZE_SPLIT if the split is missing.
 */
export function calibrationBatches(model: Model, source: CalibrationSource, random: Random): CalibrationBatches {
  const { data, split } = source;
  const samples = data[split];
  if (samples === null) {
    throw new UserError(
      'QUANTIZE_SPLIT',
      `The data set has no ${split} split to calibrate with.`,
      'Choose another split.',
    );
  }
  const [input, ...others] = model.graph.inputs.filter(({ name }) => !model.graph.initializers.has(name));
  const shape = input?.shape ?? null;
  const isMatching =
    others.length === 0 &&
    (shape === null ||
      (shape.length === data.inputShape.length + 1 &&
        data.inputShape.every((size, axis) => typeof shape[axis + 1] !== 'number' || shape[axis + 1] === size)));
  if (input === undefined || !isMatching) {
    const inputs = model.graph.inputs.map(({ name, shape: dims }) => `${name} [${dims?.join(', ') ?? '?'}]`);
    throw new UserError(
      'QUANTIZE_INPUT',
      `The model takes ${inputs.join(', ') || 'no input'}; the data set has samples of shape [${data.inputShape.join(', ')}].`,
      'Calibrate with the data set that the model was trained on.',
    );
  }
  const chosen = random.permutation(samples.count).subarray(0, source.samples);
  const fixed = shape?.[0];
  const batch = typeof fixed === 'number' ? fixed : Math.min(source.batch, chosen.length);
  const isFixed = typeof fixed === 'number';
  return {
    samples: chosen.length,
    [Symbol.asyncIterator]: () => readBatches({ data, samples, chosen, batch, isFixed, input: input.name }),
  };
}

interface Reading {
  readonly data: Dataset;
  readonly samples: Samples;
  readonly chosen: Uint32Array;
  readonly batch: number;
  readonly isFixed: boolean;
  readonly input: string;
}

async function* readBatches({ data, samples, chosen, batch, isFixed, input }: Reading) {
  const sampleSize = sizeOf(data.inputShape);
  const { target } = data;
  for (let start = 0; start < chosen.length; start += batch) {
    const size = isFixed ? batch : Math.min(batch, chosen.length - start);
    const indices = Uint32Array.from({ length: size }, (_, i) => chosen[(start + i) % chosen.length]!);
    const x = new Float32Array(size * sampleSize);
    const y = target.kind === 'class' ? new Int32Array(size) : new Float32Array(size * sizeOf(target.shape));
    await samples.read(indices, x, y);
    yield { [input]: floatFeed(x, [size, ...data.inputShape]) };
  }
}
