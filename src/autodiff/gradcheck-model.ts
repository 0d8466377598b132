import type { Value } from '../onnx/builder.js';
import type { Model, Tensor } from '../onnx/ir.js';
import { floatsOf } from '../onnx/tensor.js';
import { appendForward } from './forward.js';
import { type CheckOptions, checkGradients, type InputCheck } from './gradcheck.js';

export interface ModelCheckOptions extends CheckOptions {
  /** A tensor for every graph input; the batch they hold is the batch that is checked. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Initializers to check. Default: all of float32. */
  readonly weights?: readonly string[];
}

/**
 * `checkGradients` for the weights of a model in inference form (stored statistics, no dropout): how `lathe gradcheck`
 * judges a file. The model's outputs are joined; 8 elements of each weight are tried unless told otherwise.
 */
export async function checkModelGradients(model: Model, options: ModelCheckOptions): Promise<InputCheck[]> {
  const { initializers } = model.graph;
  const weights =
    options.weights ?? [...initializers].filter(([, { dataType }]) => dataType === 'float32').map(([name]) => name);
  const inputs = Object.fromEntries(
    weights.map((name) => {
      const tensor = initializers.get(name);
      if (tensor === undefined) throw new Error(`internal: the model has no initializer "${name}"`);
      return [name, { dims: tensor.dims, data: floatsOf(tensor) }];
    }),
  );
  return checkGradients(
    {
      inputs,
      ...(model.opsets.has('') ? { opset: model.opsets.get('')! } : {}),
      build(b, values) {
        const data = Object.entries(options.inputs).map(([name, tensor]) => [name, b.constant(tensor)] as const);
        const { outputs } = appendForward(b, model, {
          inputs: Object.fromEntries(data),
          bindings: new Map(Object.entries(values)),
          training: false,
        });
        const flat = Object.values(outputs)
          .filter(({ dataType }) => dataType === 'float32')
          .map((output): Value => b.op('Reshape', [output, b.ints([-1])]));
        return flat.length === 1 ? flat[0]! : b.op('Concat', flat, { axis: 0 });
      },
    },
    { elements: 8, ...options },
  );
}
