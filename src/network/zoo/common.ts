import type { Model } from '../../onnx/ir.js';
import type { InitializerName } from '../initializers.js';
import { linear } from '../layers/linear.js';
import type { BuildContext } from '../network.js';
import { Stack } from '../stack.js';

/** A network of the zoo: layers added by `build`, then one linear layer with the outputs that the data asks for. */
export function stacked(
  name: string,
  context: BuildContext<{ readonly initializer: InitializerName }>,
  build: (stack: Stack, initializer: InitializerName) => void,
): Model {
  const { inputShape, outputs, random, options } = context;
  const stack = new Stack(name, inputShape, random);
  build(stack, options.initializer);
  linear(stack, { outputs, initializer: options.initializer });
  return stack.finish();
}
