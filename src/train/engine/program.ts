import type { DropoutMask } from '../../autodiff/index.js';

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

/** What an engine needs to know; can be sent to a worker. */
export interface TrainingProgram {
  /** One graph for one shard (gradient and update), or two graphs for several. Bytes of .onnx files. */
  readonly graphs:
    | { readonly kind: 'fused'; readonly step: Uint8Array }
    | { readonly kind: 'sharded'; readonly gradient: Uint8Array; readonly update: Uint8Array };
  /** Names of the graphs' outputs: whatever value it is, since an Identity to rename it would copy it. */
  readonly outputs: {
    readonly parameters: string;
    readonly slots: readonly string[];
    /** float32 [n]; an output only of the sharded gradient graph. */
    readonly gradient: string;
    /** float32 [reportSize]: the shard's share of the mean loss, its correct count, its batch statistics. */
    readonly report: string;
  };
  readonly shards: number;
  /** Shapes of one shard's batch. */
  readonly xDims: readonly number[];
  readonly yDims: readonly number[];
  readonly isClass: boolean;
  /** Number of trained floats. */
  readonly size: number;
  readonly slotNames: readonly string[];
  readonly hyperSize: number;
  readonly isMasked: boolean;
  readonly reportSize: number;
  /** Dropout layers of one shard. */
  readonly dropouts: readonly DropoutMask[];
  /** Seed of the dropout masks. */
  readonly dropoutSeed: string;
}
