import { inferShapes } from '../onnx/infer.js';
import { type Model, type Node, nodeLabel } from '../onnx/ir.js';
import { readNames } from '../onnx/order.js';
import type { ValueType } from '../onnx/shapes/index.js';
import { isWrittenOut } from '../onnx/written-out/index.js';
import { carries, reasonAgainst } from './check.js';
import { BUILT_IN_RULES, type RuleTable, ruleFor } from './table.js';

export interface NodeDifferentiability {
  readonly name: string;
  readonly opType: string;
  readonly differentiable: boolean;
  /** False where only shapes, indices and settings go in: then it does not matter that no gradient comes out. */
  readonly needsGradient: boolean;
  /** Why not differentiable; '' where it is. */
  readonly why: string;
}

/** Whether gradients can flow through each node of a model, in its order, and whether they need to: for `lathe inspect`. */
export function differentiability(model: Model, rules: RuleTable = BUILT_IN_RULES): NodeDifferentiability[] {
  const types = inferShapes(model);
  const needing = nodesWithData(model, types, rules);
  return model.graph.nodes.map((node) => {
    const needsGradient = needing.has(node);
    const reason = whyNot(node, types, rules);
    const why = reason === '' || needsGradient ? reason : 'not needed: it computes a shape or an index';
    return { name: nodeLabel(node), opType: node.opType, differentiable: why === '', needsGradient, why };
  });
}

function whyNot(node: Node, types: ReadonlyMap<string, ValueType>, rules: RuleTable): string {
  const rule = ruleFor(rules, node);
  if (rule?.straightThrough !== true && !node.outputs.some((name) => carries(types, name))) {
    return 'its result is made of integers or truth values, which have no gradient';
  }
  // Training writes these out before anything else.
  if (rule === undefined) return isWrittenOut(node) ? '' : 'no rule for this operator';
  return reasonAgainst(node, rules) ?? '';
}

/** The nodes that floating-point data or weights go into, rather than what is computed from shapes. */
function nodesWithData(model: Model, types: ReadonlyMap<string, ValueType>, rules: RuleTable): ReadonlySet<Node> {
  const { initializers, inputs, nodes } = model.graph;
  const data = new Set(inputs.map(({ name }) => name).filter((name) => carries(types, name)));
  const weights = new Set([...initializers.keys()].filter((name) => carries(types, name)));
  const needing = new Set<Node>();
  for (const node of nodes) {
    if (node.domain === '' && (node.opType === 'Shape' || node.opType === 'Size')) continue;
    const read = [...readNames(node)];
    // A float constant is a weight if it is alone or indices choose from it, but a factor beside what shapes were turned into.
    const isOfWeights =
      read.some((name) => weights.has(name)) && read.every((name) => initializers.has(name) || !carries(types, name));
    if (!isOfWeights && !read.some((name) => data.has(name))) continue;
    needing.add(node);
    const isStraight = ruleFor(rules, node)?.straightThrough === true;
    for (const name of node.outputs) if (isStraight || carries(types, name)) data.add(name);
  }
  return needing;
}
