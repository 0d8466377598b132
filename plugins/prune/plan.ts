import { weightBytes } from 'onnx-lathe/onnx';
import { atOption, type ModelPreview, type OptionsOf, type PreviewContext, type StagePreview } from 'onnx-lathe/plugin';
import { applyMasks, type MagnitudeRequest, pruneGroups } from 'onnx-lathe/prune';
import { masksFromZeros, previewTraining, requestFromOptions } from 'onnx-lathe/train';
import { groupsOf } from './groups.js';
import type { options } from './options.js';

type PrunePreview = PreviewContext<OptionsOf<typeof options>>;

export async function plan(stage: PrunePreview): Promise<StagePreview> {
  const { options, inputs } = stage;
  const start = inputs.model!;
  if (start === null) return {};
  const groups = groupsOf(start.model, options);
  const known = groups.filter((group) => isKnown(group, start));
  const { masks } = atOption('keep', () => pruneGroups(start.model, known));
  const pruned = applyMasks(start.model, masks);
  const matches = { select: groups.flatMap(({ weights }) => weights) };
  if (options.schedule === undefined)
    return {
      outputs: { model: { model: pruned, hasWeights: start.hasWeights } },
      matches,
      memory: 4 * weightBytes(start.model),
    };
  const { model, ...needs } = await retrained(stage, pruned, options.schedule);
  return { outputs: { model: { model, hasWeights: false } }, matches, ...needs };
}

/** How many weights are kept does not depend on what they are, if it is a number or a share. */
function isKnown({ criterion }: MagnitudeRequest, { hasWeights }: ModelPreview): boolean {
  return hasWeights || 'keep' in criterion;
}

/** Whether it can be trained at all, between the steps. */
async function retrained(
  { data: open, random }: PrunePreview,
  pruned: ModelPreview['model'],
  how: NonNullable<OptionsOf<typeof options>['schedule']>,
) {
  const data = await open(how.data);
  const request = requestFromOptions({ ...how, schedule: { constant: { warmup: 0 } }, keep: 'last' }, data.target);
  return previewTraining({ ...request, model: pruned, data, random, masks: masksFromZeros(pruned) });
}
