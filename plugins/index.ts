import type { StageDefinition } from 'onnx-lathe/plugin';

/** The built-in stages, sorted by name. */
export const BUILT_IN_STAGES: readonly StageDefinition[] = [];
