import { weightBytes } from 'onnx-lathe/onnx';
import type { OptionsOf, PreviewContext, StagePreview } from 'onnx-lathe/plugin';
import { removeChannels } from 'onnx-lathe/prune';
import { choose } from './choice.js';
import type { options } from './options.js';

/** How wide the layers become depends on the weights only where all layers compete. */
export async function plan({
  options: given,
  inputs,
}: PreviewContext<OptionsOf<typeof options>>): Promise<StagePreview> {
  const start = inputs.model!;
  if (start === null) return {};
  const { model, hasWeights } = start;
  const { all, groups, removed } = choose(model, given);
  const isKnown = hasWeights || given.scope === 'layer';
  return {
    outputs: { model: isKnown ? { model: removeChannels(model, all, removed), hasWeights } : null },
    matches: { select: [...new Set(groups.flatMap(({ layers }) => layers))] },
    memory: 3 * weightBytes(model),
  };
}
