import type { Json } from '../core/canonical-json.js';
import type { Checkpoint } from '../core/checkpoint.js';
import type { Random } from '../core/random.js';
import type { Provider } from '../runtime/provider.js';
import type { EpochState, HistoryEntry, TrainProgress, TrainRequest, TrainResult } from './request.js';

/** The part of a stage's context that training needs: what a plugin's `run` receives has it. */
export interface TrainingStage {
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly provider: Provider;
  readonly cores: number;
  readonly checkpoint: Checkpoint;
  readonly log: Record<'info' | 'warn', (message: string, details?: Record<string, Json>) => void>;
  /** Called after every step; whoever shows it decides how often. */
  progress(progress: { readonly fraction: number; readonly values?: Readonly<Record<string, number>> }): void;
  metric(name: string, value: Json): void;
}

/**
 * The parts of a request that connect it with the stage it runs in: seed, provider, cores, stop signal, checkpoint, live display, log.
 * @param more further values to show
 */
export function requestFromStage(
  stage: TrainingStage,
  more: () => Readonly<Record<string, number>> = () => ({}),
): Pick<TrainRequest, 'random' | 'signal' | 'provider' | 'cores' | 'checkpoint' | 'onDamage' | 'onResume'> &
  Required<Pick<TrainRequest, 'onProgress' | 'onEpoch'>> {
  return {
    random: stage.random,
    signal: stage.signal,
    provider: stage.provider,
    cores: stage.cores,
    checkpoint: stage.checkpoint,
    onDamage: () => stage.log.warn(DAMAGED),
    onResume: ({ step, steps }) => stage.log.info(`going on after step ${step} of ${steps}`),
    onProgress: (progress) =>
      stage.progress({ fraction: progress.fraction, values: { ...shown(progress), ...more() } }),
    onEpoch: ({ entry }: EpochState) => {
      stage.log.info('epoch done', historyJson(entry));
    },
  };
}

/** Its digest is right, so whoever wrote it meant something else. */
const DAMAGED = 'The checkpoint is none that this training can have saved: it begins anew.';

/** Reports TRAINING_METRICS. Loss and accuracy are those of the weights that were kept, on the validation split if there is one. */
export function reportTraining(stage: Pick<TrainingStage, 'metric'>, result: TrainResult): void {
  const { kept, history, curve } = result;
  stage.metric('loss', kept.validationLoss ?? kept.loss);
  if (kept.validationAccuracy !== null) stage.metric('accuracy', kept.validationAccuracy);
  stage.metric('epochs', history.at(-1)!.epoch);
  stage.metric('imagesPerS', Math.round(Math.max(...history.map((entry) => entry.imagesPerS))));
  stage.metric('history', history.map(historyJson));
  stage.metric('steps', { ...curve });
}

function historyJson(entry: HistoryEntry): Record<string, Json> {
  return { ...entry, imagesPerS: Math.round(entry.imagesPerS) };
}

function shown({ epoch, loss, accuracy, imagesPerS }: TrainProgress): Record<string, number> {
  return { epoch: round(epoch), loss, ...(accuracy === null ? {} : { accuracy }), imagesPerS: Math.round(imagesPerS) };
}

function round(epoch: number): number {
  return Math.round(epoch * 100) / 100;
}
