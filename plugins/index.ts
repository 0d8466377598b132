import type { StageDefinition } from 'onnx-lathe/plugin';
import evaluate from './evaluate/index.js';
import finetune from './finetune/index.js';
import l1Regularize from './l1-regularize/index.js';
import prune from './prune/index.js';
import pruneChannels from './prune-channels/index.js';
import quantize from './quantize/index.js';
import select from './select/index.js';
import train from './train/index.js';
import transfer from './transfer/index.js';

/** The built-in stages, sorted by name. */
export const BUILT_IN_STAGES: readonly StageDefinition[] = [
  evaluate,
  finetune,
  l1Regularize,
  prune,
  pruneChannels,
  quantize,
  select,
  train,
  transfer,
];
