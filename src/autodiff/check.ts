import { inferShapes } from '../onnx/infer.js';
import type { Model, Node } from '../onnx/ir.js';
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

/** Whether a value of this name can have a gradient, by its type. */
export function carries(types: ReadonlyMap<string, ValueType>, name: string): boolean {
  return name !== '' && canCarryGradient(types.get(name)?.dataType ?? 'undefined');
}

/** Why a node that has a rule cannot be differentiated all the same, or null. Batch normalization and dropout are judged by the training form that `appendForward` gives them, which is sound. */
export function reasonAgainst(node: Node, rules: RuleTable): string | null {
  if (node.domain === '' && (node.opType === 'BatchNormalization' || node.opType === 'Dropout')) return null;
  return ruleFor(rules, node)?.unsupported(node) ?? null;
}
