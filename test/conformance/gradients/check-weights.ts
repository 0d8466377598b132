import { appendForward, checkGradients, type InputCheck } from '../../../src/autodiff/index.js';
import type { Model } from '../../../src/onnx/ir.js';
import { floatsOf } from '../../../src/onnx/tensor.js';

/** Gradients of the weights of a model without inputs against central differences, all of its outputs together. */
export function checkWeights(model: Model, names: readonly string[]): Promise<InputCheck[]> {
  const inputs = names.map((name) => {
    const tensor = model.graph.initializers.get(name)!;
    return [name, { dims: tensor.dims, data: floatsOf(tensor) }] as const;
  });
  return checkGradients(
    {
      inputs: Object.fromEntries(inputs),
      opset: model.opsets.get('')!,
      build(b, values) {
        const bindings = new Map(Object.entries(values));
        const { outputs } = appendForward(b, model, { inputs: {}, bindings, training: false });
        const flat = Object.values(outputs).map((output) => b.op('Reshape', [output, b.ints([-1])]));
        return flat.length === 1 ? flat[0]! : b.op('Concat', flat, { axis: 0 });
      },
    },
    { elements: 24 },
  );
}
