import type { Node } from '../onnx/ir.js';
import { GRADIENTS } from './gradients/index.js';
import type { GradientRule } from './rule.js';

/** Rules by domain and operator. */
export type RuleTable = ReadonlyMap<string, GradientRule>;

/** The rules that come with Lathe. */
export const BUILT_IN_RULES: RuleTable = tableOf(GRADIENTS);

/** A table with rules added, or replaced where the operator is the same; the table itself stays as it is. */
export function extendRules(rules: RuleTable, added: readonly GradientRule[]): RuleTable {
  return new Map([...rules, ...tableOf(added)]);
}

export function ruleFor(rules: RuleTable, node: Node): GradientRule | undefined {
  return rules.get(keyOf(node.domain, node.opType));
}

function tableOf(list: readonly GradientRule[]): RuleTable {
  return new Map(list.map((rule) => [keyOf(rule.domain, rule.opType), rule]));
}

/** 'ai.onnx' is the long name of the domain ''. */
function keyOf(domain: string, opType: string): string {
  return `${domain === 'ai.onnx' ? '' : domain}:${opType}`;
}
