import { floatTensor, GraphBuilder, type Model } from '../../src/onnx/index.js';

/** A model that holds the given weights, one vector each, and does nothing. */
export function modelOf(layers: Readonly<Record<string, readonly number[]>>): Model {
  const b = new GraphBuilder();
  for (const [name, values] of Object.entries(layers)) b.initializer(name, floatTensor(values, [values.length]));
  return b.build();
}
