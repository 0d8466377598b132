import type { DropoutMask } from '../../autodiff/index.js';
import type { Provider } from '../../runtime/provider.js';

/** Names of the training graphs' inputs; no model has such names for its own values. */
export const NAMES = {
  parameters: 'step:parameters',
  /** Followed by the slot's name. */
  slot: 'step:slot.',
  /** Followed by the shard's number. */
  gradient: 'step:gradient.',
  hyper: 'step:hyper',
  keep: 'step:keep',
  x: 'step:x',
  y: 'step:y',
} as const;

/** A part of the flat vectors. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  /** Its shape as a tensor of its own. Default: a vector. */
  readonly dims?: readonly number[];
}

/** Names of an update's outputs. */
export interface UpdateOutputs {
  readonly parameters: string;
  readonly slots: readonly string[];
}

/** A part of all vectors that goes in and out as tensors of its own. */
export interface Piece extends Slice {
  /** Follows the names of its inputs. */
  readonly suffix: string;
  readonly outputs: UpdateOutputs;
}

/** The update of a slice of all vectors: with several, each worker makes its share of the update. */
export interface SliceUpdate extends Slice {
  readonly graph: Uint8Array;
  readonly outputs: UpdateOutputs;
}

/** Gradient and update in one graph, for one shard and one micro-batch a step. */
export interface FusedGraph {
  readonly kind: 'fused';
  readonly step: Uint8Array;
  readonly pieces: readonly Piece[];
  /**
   * Steps that one run can make. With more than 1, samples, labels, hyperparameters, dropout masks and reports have a first
   * axis of as many steps as a run is given.
   */
  readonly stepsPerRun: number;
  /** Threads inside an operator that give the same bits as one. */
  readonly threads: 1 | 2;
}

/** What an engine needs to know; can be sent to a worker. */
export interface TrainingProgram {
  /** What computes the graphs. */
  readonly provider: Provider;
  /** One graph for one shard of one micro-batch (gradient and update), or graphs of their own for several. Bytes of .onnx files. */
  readonly graphs:
    | FusedGraph
    | { readonly kind: 'sharded'; readonly gradient: Uint8Array; readonly updates: readonly SliceUpdate[] };
  /** Names of the graphs' outputs: whatever value it is, since an Identity to rename it would copy it. */
  readonly outputs: {
    /** float32 [n]; an output only of the sharded gradient graph. */
    readonly gradient: string;
    /** float32 [reportSize]: the shard's share of the mean loss, its correct count, its batch statistics. */
    readonly report: string;
  };
  /** Parts of a micro-batch, whose gradients are added in order. */
  readonly shards: number;
  /** Batches a step; a shard adds up their gradients before it meets the others. */
  readonly microBatches: number;
  /** Shapes of one shard's batch. */
  readonly xDims: readonly number[];
  readonly yDims: readonly number[];
  readonly isClass: boolean;
  /** Number of trained floats. */
  readonly size: number;
  readonly slotNames: readonly string[];
  /** What each is multiplied by at every upkeep. */
  readonly slotFactors: readonly number[];
  readonly hyperSize: number;
  readonly isMasked: boolean;
  readonly reportSize: number;
  /** Dropout layers of one shard. */
  readonly dropouts: readonly DropoutMask[];
  /** Seed of the dropout masks. */
  readonly dropoutSeed: string;
}
