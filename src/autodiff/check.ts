import { inferShapes } from '../onnx/infer.js';
import { type Model, type Node, nodeLabel } from '../onnx/ir.js';
import type { ValueType } from '../onnx/shapes/index.js';
import { canCarryGradient } from './gradient-type.js';
import { noRule, unsupportedForm } from './refusal.js';
import { BUILT_IN_RULES, type RuleTable, ruleFor } from './table.js';

/**
 * Refuses a model that cannot be trained, before anything is computed: throws AUTODIFF_NO_RULE, naming every node
 * without a rule between the values `wrt` (initializers to be trained) and the graph's outputs, or AUTODIFF_UNSUPPORTED.
 */
export function checkDifferentiable(model: Model, wrt: Iterable<string>, rules: RuleTable = BUILT_IN_RULES): void {
  const { nodes } = nodesBetween(model, new Set(wrt), rules);
  const missing = nodes.filter((node) => ruleFor(rules, node) === undefined);
  if (missing.length > 0) throw noRule(missing, rules);
  for (const node of nodes) {
    const reason = reasonAgainst(node, rules);
    if (reason !== null) throw unsupportedForm(node, reason);
  }
}

export interface NodeDifferentiability {
  readonly name: string;
  readonly opType: string;
  readonly differentiable: boolean;
  /** Why not; '' where it is. */
  readonly why: string;
}

/** Whether gradients can flow through each node of a model, in its order, for `lathe inspect`. */
export function differentiability(model: Model, rules: RuleTable = BUILT_IN_RULES): NodeDifferentiability[] {
  const types = inferShapes(model);
  return model.graph.nodes.map((node) => {
    const why = whyNot(node, types, rules);
    return { name: nodeLabel(node), opType: node.opType, differentiable: why === '', why };
  });
}

function whyNot(node: Node, types: ReadonlyMap<string, ValueType>, rules: RuleTable): string {
  const rule = ruleFor(rules, node);
  if (rule?.straightThrough !== true && !node.outputs.some((name) => carries(types, name))) {
    return 'its result is made of integers or truth values, which have no gradient';
  }
  if (rule === undefined && !node.inputs.some((name) => carries(types, name))) {
    return 'nothing that has a gradient goes into it';
  }
  if (rule === undefined) return 'no rule for this operator';
  return reasonAgainst(node, rules) ?? '';
}

export interface Between {
  /** In graph order. */
  readonly nodes: readonly Node[];
  /** Names of the values that a gradient flows through: they depend on `wrt` and lead to an output. */
  readonly values: ReadonlySet<string>;
}

/** What both depends on `wrt` and leads to an output. */
export function nodesBetween(model: Model, wrt: ReadonlySet<string>, rules: RuleTable): Between {
  const types = inferShapes(model);
  const reached = new Set(wrt);
  const dependent = model.graph.nodes.filter((node) => {
    if (!node.inputs.some((name) => reached.has(name))) return false;
    const isStraight = ruleFor(rules, node)?.straightThrough === true;
    const passed = node.outputs.filter((name) => name !== '' && (isStraight || carries(types, name)));
    for (const name of passed) reached.add(name);
    return passed.length > 0;
  });
  const needed = new Set(model.graph.outputs.map(({ name }) => name));
  const nodes = dependent
    .reverse()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of node.inputs) if (reached.has(name)) needed.add(name);
      return true;
    })
    .reverse();
  return { nodes, values: new Set([...reached].filter((name) => needed.has(name))) };
}

function carries(types: ReadonlyMap<string, ValueType>, name: string): boolean {
  return name !== '' && canCarryGradient(types.get(name)?.dataType ?? 'undefined');
}

/** Batch normalization and dropout are judged by the training form that `appendForward` gives them, which is sound. */
function reasonAgainst(node: Node, rules: RuleTable): string | null {
  if (node.domain === '' && (node.opType === 'BatchNormalization' || node.opType === 'Dropout')) return null;
  return ruleFor(rules, node)?.unsupported(node) ?? null;
}
