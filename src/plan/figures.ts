import { countMacs } from '../evaluate/macs.js';
import { modelSize } from '../evaluate/model-size.js';
import { writtenBytes } from '../onnx/write.js';
import type { ModelPreview } from '../plugin/preview.js';

/** What a model will measure. */
export interface Figures {
  readonly parameters: number;
  /** Those other than 0: at most so many, unless the weights are known. */
  readonly nonzero: { readonly count: number; readonly isExact: boolean };
  /** Multiply-accumulate operations for one sample; null where shapes are known only while the model runs. */
  readonly macs: number | null;
  /** Of the file. */
  readonly bytes: number;
}

/** The figures of a model, counted as `evaluate` counts them. */
export function figuresOf({ model, hasWeights }: ModelPreview): Figures {
  const { parameters, nonzeroParameters } = modelSize(model);
  const { macs, unknown } = countMacs(model);
  return {
    parameters,
    nonzero: { count: nonzeroParameters, isExact: hasWeights },
    macs: unknown.length === 0 ? macs : null,
    bytes: writtenBytes(model),
  };
}
