import type { ChooseLowering } from '../autodiff/index.js';
import type { Checkpoint } from '../core/checkpoint.js';
import type { Random } from '../core/random.js';
import type { AugmentOptions } from '../data/augment/option.js';
import type { Dataset } from '../data/dataset.js';
import type { Model } from '../onnx/ir.js';
import type { Provider } from '../runtime/provider.js';
import type { WeightAverage } from './average.js';
import type { Loss } from './losses/loss.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { ParameterOverride } from './overrides.js';
import type { L1Regularizer } from './regularizer.js';
import type { Schedule } from './schedule.js';
import type { StepCurve } from './step-curve.js';

/** 1 = kept, 0 = stays 0, one byte per element, by initializer name. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** Everything that decides the result of a training run, and how it is watched. */
export interface TrainRequest {
  /** Not changed. Its first output is judged by the labels; its weights are where training starts. */
  readonly model: Model;
  readonly data: Dataset;
  readonly loss: Loss;
  /** Loss on the validation split; default `loss`. A distillation measures plain cross-entropy there. */
  readonly validationLoss?: Loss;
  readonly optimizer: Optimizer;
  /** Default constant. */
  readonly schedule?: Schedule;
  /** How long: epochs (may be a fraction) or steps. */
  readonly length: { readonly epochs: number } | { readonly steps: number };
  /** Samples a step; a training split that is smaller lowers it. */
  readonly batch: number;
  /** Batches whose gradients make one update, as one batch so many times as large would; a training split that is smaller lowers it. Default 1. */
  readonly accumulate?: number;
  /** Random changes of the training samples. */
  readonly augment?: AugmentOptions;
  /** Factor of each class in the training loss, whose mean they weight; 'balanced': by the frequencies in the training split. */
  readonly classWeights?: 'balanced' | readonly number[];
  /** Longest gradient of all weights together that the optimizer sees. */
  readonly clipNorm?: number;
  /** An average of the weights, and of running statistics, is judged and comes back. */
  readonly average?: WeightAverage;
  readonly regularizer?: L1Regularizer;
  /** Elements that stay +0, in the weights and in the optimizer's state. Tensors without an entry are not masked. */
  readonly masks?: Masks;
  /** Initializers that keep their bits; the running statistics of a batch normalization too. */
  readonly frozen?: ReadonlySet<string>;
  /** Factors of the learning rate by initializer. */
  readonly learningRateScale?: ReadonlyMap<string, number>;
  /** Learning rate, freezing and weight decay of single tensors; the first that matches a tensor decides. */
  readonly overrides?: readonly ParameterOverride[];
  /**
   * 'frozen' uses the running statistics and leaves them as they are; 'folded' works each normalization into the layer
   * before it, so that the model that comes back has fewer nodes. Default 'train'.
   */
  readonly batchNorm?: 'train' | 'frozen' | 'folded';
  /** Splits every batch into as many parts, whose gradients are added in order. Part of what the bits depend on. Default: see chooseShards. */
  readonly shards?: number;
  /** Overrules the rules over shapes by which heavy pieces are computed. Part of what the bits depend on. */
  readonly lowerings?: ChooseLowering;
  /** Which weights come back: those with the best validation result, or the last. Default 'best' if there is a validation split. */
  readonly keep?: 'best' | 'last';
  /** Ends the run once the validation accuracy reaches this. */
  readonly stopAt?: { readonly accuracy: number };
  /** What computes. A GPU takes a batch whole, in one session, unless `shards` says otherwise. Default 'cpu'. */
  readonly provider?: Provider;
  readonly random: Random;
  /** At most this many threads compute, with a GPU one; the bits do not depend on it. Default 1. */
  readonly cores?: number;
  readonly signal?: AbortSignal;
  /** Where the run keeps its place: it goes on from there, to the same bits, if an earlier one was killed. */
  readonly checkpoint?: Checkpoint;
  /** Milliseconds, for speeds only; default performance.now. */
  readonly now?: () => number;
  /** Called once, before the first step, if the run goes on from a checkpoint. @param step steps done before */
  readonly onResume?: (resumed: { readonly step: number; readonly steps: number }) => void;
  /** Called once, before the first step, if the checkpoint holds what no run of this request can have saved: it is not used. */
  readonly onDamage?: () => void;
  /** Called after every step's update, or after those that `watches` names: the next step waits for it. */
  readonly onStep?: (state: StepState) => void | Promise<void>;
  /** Steps (1 for the first) after which `onStep` is called; default all. */
  readonly watches?: (step: number) => boolean;
  /** Called after every epoch's validation, and after the last step. */
  readonly onEpoch?: (state: EpochState) => void | Promise<void>;
  /** Called after every step, cheap: for a live display. */
  readonly onProgress?: (progress: TrainProgress) => void;
}

export interface StepState {
  /** Steps done, 1 after the first. */
  readonly step: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** The present weights by name; views, valid until the callback returns. */
  readWeights(): Promise<ReadonlyMap<string, Float32Array>>;
  /** Replaces all masks; what they drop becomes 0 at once. Needs `masks` in the request. */
  setMasks(masks: Masks): Promise<void>;
}

export interface EpochState extends StepState {
  readonly entry: HistoryEntry;
}

export interface TrainProgress {
  /** 0..1. */
  readonly fraction: number;
  /** Epochs passed. */
  readonly epoch: number;
  /** Of this step's batch. */
  readonly loss: number;
  /** Of this step's batch; null without classes. */
  readonly accuracy: number | null;
  /** Training samples per second since the epoch began. */
  readonly imagesPerS: number;
}

/** One epoch, or the part of one that the run ended with. */
export interface HistoryEntry {
  /** Epochs passed. */
  readonly epoch: number;
  readonly step: number;
  /** Mean over the epoch's training batches, while the weights were changing. */
  readonly loss: number;
  readonly accuracy: number | null;
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
  /** Of the last step. */
  readonly learningRate: number;
  readonly imagesPerS: number;
}

export interface TrainResult {
  /** The request's model with other weights and running statistics; structure and names are the same, unless `batchNorm` is 'folded'. */
  readonly model: Model;
  readonly history: readonly HistoryEntry[];
  readonly curve: StepCurve;
  /** The entry whose weights came back. */
  readonly kept: HistoryEntry;
  readonly steps: number;
  readonly shards: number;
  readonly batch: number;
  /** True if `stopAt` was reached. */
  readonly reachedTarget: boolean;
  /** By initializer name: what was trained. */
  readonly trained: readonly string[];
}
