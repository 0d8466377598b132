import { foldBatchNormalization } from '../onnx/fold-batch-normalization.js';
import type { TrainRequest } from './request.js';

/**
 * The request with the batch normalizations of its model worked into the layers before them; those that cannot be are
 * frozen. Masks and frozen tensors follow a weight that folding had to copy, since another node reads it too.
 */
export function foldRequest(request: TrainRequest): TrainRequest {
  const model = foldBatchNormalization(request.model);
  const { masks, frozen } = request;
  const originOf = (name: string): string =>
    request.model.graph.initializers.has(name) ? name : name.replace(/\.folded(\.\d+)?$/, '');
  const names = [...model.graph.initializers.keys()];
  return {
    ...request,
    model,
    batchNorm: 'frozen',
    ...(frozen === undefined ? {} : { frozen: new Set(names.filter((name) => frozen.has(originOf(name)))) }),
    ...(masks === undefined
      ? {}
      : {
          masks: new Map(
            names.flatMap((name) => {
              const mask = masks.get(originOf(name));
              return mask === undefined ? [] : [[name, mask] as const];
            }),
          ),
        }),
  };
}
