import { countMacs, modelSize } from 'onnx-lathe/evaluate';
import type { Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import { removeChannels } from 'onnx-lathe/prune';
import { choose } from './choice.js';
import type { options } from './options.js';

export async function run({
  options: given,
  inputs,
  log,
  metric,
}: StageContext<OptionsOf<typeof options>>): Promise<{ model: Model }> {
  const model = await inputs.model!.load();
  const { all, groups, frozen, removed } = choose(model, given);
  log.info('removing channels', { layers: [...new Set(groups.flatMap(({ layers }) => layers))] });
  for (const { name, reason } of frozen) log.debug(`"${name}" keeps all its channels, because ${reason}`);
  const smaller = removeChannels(model, all, removed);

  const perLayer = all.layers.map(({ name, total }) => ({
    name,
    total,
    kept: all.channelsOf(name).filter((label) => !removed.has(all.flow.labels.find(label))).length,
  }));
  const [before, after] = [modelSize(model).parameters, modelSize(smaller).parameters];
  metric('parameters', after);
  metric('keptParameters', after / before);
  const [old, now] = [countMacs(model), countMacs(smaller)];
  // Where height and width are only known at run time, so are the operations.
  if (old.unknown.length === 0 && old.macs > 0) {
    metric('macs', now.macs);
    metric('keptMacs', now.macs / old.macs);
  }
  const sum = (of: 'total' | 'kept') => perLayer.reduce((all, layer) => all + layer[of], 0);
  metric('keptChannels', sum('kept') / sum('total'));
  metric('perLayer', perLayer);
  metric(
    'frozen',
    frozen.map(({ name, reason }) => ({ name, reason })),
  );
  return { model: smaller };
}
