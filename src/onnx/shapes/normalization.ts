import type { Dim } from '../ir.js';
import { dataTypeOf } from '../proto/data-type.js';
import { same } from './elementwise.js';
import { type RuleTable, type ShapeRule, typed } from './rule.js';

/** Y and, in training, the statistics [C]. */
const batchNormalization: ShapeRule = (call) => {
  const channels: Dim[] = [call.shape(0)?.[1] ?? call.shape(1)?.[0] ?? null];
  const statistic = typed(call.dataType(3), channels);
  return [typed(call.dataType(0), call.shape(0)), statistic, statistic, statistic, statistic];
};

/** Y, then mean and inverse standard deviation with 1 in the normalized axes. */
const layerNormalization: ShapeRule = (call) => {
  const shape = call.shape(0);
  const stash = dataTypeOf(call.int('stash_type', 1)) ?? 'float32';
  if (shape === null) return [typed(call.dataType(0), null), typed(stash, null), typed(stash, null)];
  const axis = call.axis(call.int('axis', -1), shape.length);
  const statistic = typed(
    stash,
    shape.map((dim, i) => (i < axis ? dim : 1)),
  );
  return [typed(call.dataType(0), shape), statistic, statistic];
};

export const normalizations: RuleTable = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: layerNormalization,
  SimplifiedLayerNormalization: layerNormalization,
  InstanceNormalization: same,
  GroupNormalization: same,
  LRN: same,
  LpNormalization: same,
  MeanVarianceNormalization: same,
};

export const microsoftNormalizations: RuleTable = { SkipLayerNormalization: same, GroupNorm: same };
