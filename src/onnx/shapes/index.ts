import type { Dim, Node } from '../ir.js';
import { convolutions, microsoftConvolutions, nchwc } from './convolution.js';
import { elementwise, microsoftElementwise } from './elementwise.js';
import { foldCall } from './fold.js';
import { generation } from './generation.js';
import { indexing } from './indexing.js';
import type { KnownValues } from './known-values.js';
import { linear, microsoftLinear } from './linear.js';
import { losses } from './loss.js';
import { microsoftNormalizations, normalizations } from './normalization.js';
import { microsoftPooling, nchwcPooling, pooling } from './pooling.js';
import { microsoftQuantization, quantization } from './quantization.js';
import { recurrents } from './recurrent.js';
import { reductions } from './reduction.js';
import { reshapes } from './reshape.js';
import { resizes } from './resize.js';
import { Call, type InferenceContext, type RuleTable, type ShapeRule, type ValueType } from './rule.js';

export type { KnownValues } from './known-values.js';
export { Call, type InferenceContext, type RuleTable, type ShapeRule, typed, type ValueType } from './rule.js';

/** Types of the node's outputs, in order; an unknown operator gives none. Throws ONNX_SHAPE if the inputs cannot go together. */
export function inferNode(node: Node, context: InferenceContext): ValueType[] {
  return (shapeRule(node)?.(new Call(node, context)) ?? []).map(({ dataType, shape }) => ({
    dataType,
    shape: shape === null || shape.every(isPossible) ? shape : shape.map((dim) => (isPossible(dim) ? dim : null)),
  }));
}

/** Sizes that a damaged model leads to (negative, beyond all memory, no number) are none. */
function isPossible(dim: Dim): boolean {
  return typeof dim !== 'number' || (Number.isSafeInteger(dim) && dim >= 0);
}

/** The contents of the node's outputs, where they are small and follow from shapes and constants; else an empty list. */
export function foldNode(node: Node, context: InferenceContext): readonly KnownValues[] {
  return foldCall(new Call(node, context));
}

/** Whether shapes can be inferred through this operator. */
export function hasShapeRule(opType: string, domain = ''): boolean {
  return RULES.get(domain)?.has(opType) ?? false;
}

function shapeRule(node: Node): ShapeRule | undefined {
  return RULES.get(node.domain)?.get(node.opType);
}

/** By domain, then operator. Maps, not objects: an operator named "constructor" has no rule. */
const RULES: ReadonlyMap<string, ReadonlyMap<string, ShapeRule>> = new Map([
  [
    '',
    table(
      elementwise,
      linear,
      convolutions,
      pooling,
      reductions,
      normalizations,
      reshapes,
      indexing,
      resizes,
      generation,
      quantization,
      losses,
      recurrents,
    ),
  ],
  [
    'com.microsoft',
    table(
      microsoftElementwise,
      microsoftLinear,
      microsoftConvolutions,
      microsoftPooling,
      microsoftNormalizations,
      microsoftQuantization,
    ),
  ],
  ['com.microsoft.nchwc', table(nchwc, nchwcPooling)],
]);

function table(...tables: readonly RuleTable[]): ReadonlyMap<string, ShapeRule> {
  return new Map(tables.flatMap((rules) => Object.entries(rules)));
}
