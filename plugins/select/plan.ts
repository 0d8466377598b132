import type { OptionsOf, PreviewContext, StagePreview } from 'onnx-lathe/plugin';
import type { options } from './options.js';

/** Which model wins is known only once all are measured, unless there is one. */
export function plan({ collected }: PreviewContext<OptionsOf<typeof options>>): StagePreview {
  const [first, ...others] = collected;
  if (first === undefined || others.length > 0) return {};
  return { outputs: { model: first.preview } };
}
