import type { StageDefinition } from 'onnx-lathe/plugin';
import evaluate from './evaluate/index.js';

/** The built-in stages, sorted by name. */
export const BUILT_IN_STAGES: readonly StageDefinition[] = [evaluate];
