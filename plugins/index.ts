import type { StageDefinition } from 'onnx-lathe/plugin';
import evaluate from './evaluate/index.js';
import finetune from './finetune/index.js';
import l1Regularize from './l1-regularize/index.js';
import train from './train/index.js';

/** The built-in stages, sorted by name. */
export const BUILT_IN_STAGES: readonly StageDefinition[] = [evaluate, finetune, l1Regularize, train];
