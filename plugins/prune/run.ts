import { modelSize } from 'onnx-lathe/evaluate';
import type { Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import { applyMasksInPlace, type MagnitudeRequest, nonzeroCount, pruneGradually, pruneGroups } from 'onnx-lathe/prune';
import { requestFromOptions, requestFromStage, train } from 'onnx-lathe/train';
import { groupsOf } from './groups.js';
import type { options } from './options.js';
import { checkpointAt, savedPlace } from './place.js';

type PruneStage = StageContext<OptionsOf<typeof options>>;

export async function run(stage: PruneStage): Promise<{ model: Model }> {
  const { options, inputs, log, metric } = stage;
  const model = await inputs.model!.load();
  const groups = groupsOf(model, options);
  log.info('pruning', { weights: groups.flatMap(({ weights }) => [...weights]) });
  const { schedule } = options;
  const { model: pruned, pruning } =
    schedule === undefined ? oneShot(model, groups) : await stepByStep(model, groups, schedule);

  for (const { name, isRescued } of pruning.layers) {
    if (isRescued) log.warn(`"${name}" would have lost all its weights: the largest one stays`);
  }
  const total = pruning.layers.reduce((sum, layer) => sum + layer.total, 0);
  const nonzero = pruning.layers.reduce((sum, { name }) => sum + nonzeroCount(pruned.graph.initializers.get(name)!), 0);
  const size = modelSize(pruned);
  metric('sparsity', size.sparsity);
  metric('nonzeroParameters', size.nonzeroParameters);
  metric('weightSparsity', 1 - nonzero / total);
  metric('threshold', Math.min(...pruning.layers.map(({ threshold }) => threshold)));
  metric(
    'perLayer',
    pruning.layers.map(({ name, total, kept, threshold }) => ({ name, total, kept, threshold })),
  );
  return { model: pruned };

  async function stepByStep(start: Model, requests: readonly MagnitudeRequest[], how: NonNullable<typeof schedule>) {
    const saved = await savedPlace({
      checkpoint: stage.checkpoint,
      steps: how.steps,
      model: start,
      weights: requests.flatMap(({ weights }) => [...weights]),
      warn: (message) => log.warn(message),
    });
    return pruneGradually(start, {
      groups: requests,
      steps: how.steps,
      curve: how.curve,
      resumeAt: saved === null ? undefined : { step: saved.step, model: saved.unpruned },
      async retrain({ model: current, masks, step, unpruned }) {
        const data = await stage.data(how.data);
        log.info(`step ${step} of ${how.steps} pruned, training`);
        const result = await train({
          ...requestFromOptions({ ...how, schedule: { constant: { warmup: 0 } }, keep: 'last' }, data.target),
          ...requestFromStage({
            signal: stage.signal,
            provider: stage.provider,
            cores: stage.cores,
            log,
            metric,
            checkpoint: checkpointAt(stage.checkpoint, { step, unpruned }, saved),
            random: stage.random.derive(`step ${step}`),
            progress: ({ fraction, ...rest }) =>
              stage.progress({ fraction: (step - 1 + fraction) / (how.steps - 1), ...rest }),
          }),
          model: current,
          data,
          masks,
        });
        return result.model;
      },
    });
  }
}

function oneShot(model: Model, groups: readonly MagnitudeRequest[]) {
  const pruning = pruneGroups(model, groups);
  // The model is the stage's own: a second one would not fit into the memory of many a machine that the first one fits in.
  applyMasksInPlace(model, pruning.masks);
  return { model, pruning };
}
