import type { DropoutMask } from '../../autodiff/index.js';

/** Names of the training graphs' inputs and outputs; no model has such names for its own values. */
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
  nextParameters: 'step:next.parameters',
  nextSlot: 'step:next.slot.',
  /** [2 + statistics]: the shard's share of the mean loss, its correct count, its batch statistics. */
  report: 'step:report',
} as const;

/** What an engine needs to know; can be sent to a worker. */
export interface TrainingProgram {
  /** One graph for one shard (gradient and update), or two graphs for several. Bytes of .onnx files. */
  readonly graphs:
    | { readonly kind: 'fused'; readonly step: Uint8Array }
    | { readonly kind: 'sharded'; readonly gradient: Uint8Array; readonly update: Uint8Array };
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
