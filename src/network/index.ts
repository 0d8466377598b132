/** Networks: the contract, the zoo, layer lists, and how a recipe's network becomes a model. */
export * from './build.js';
export { INITIALIZERS, type InitializerName } from './initializers.js';
export { LAYERS_REVISION, LAYERS_SCHEMA } from './layers.js';
export * from './network.js';

import type { NetworkDefinition } from './network.js';
import { lenet300100 } from './zoo/lenet-300-100.js';
import { lenetCifar } from './zoo/lenet-cifar.js';
import { lenet5 } from './zoo/lenet5.js';
import { mlp } from './zoo/mlp.js';
import { resnet8 } from './zoo/resnet8.js';
import { resnet20 } from './zoo/resnet20.js';

/** Every network that ships with Lathe, sorted by name. */
export const BUILT_IN_NETWORKS: readonly NetworkDefinition[] = [
  lenet300100,
  lenetCifar,
  lenet5,
  mlp,
  resnet20,
  resnet8,
];
