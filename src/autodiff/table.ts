import type { Node } from '../onnx/ir.js';
import { dequantizeLinearGradient } from './gradients/dequantize-linear.js';
import { GRADIENTS } from './gradients/index.js';
import { quantizeLinearGradient } from './gradients/quantize-linear.js';
import type { GradientRule } from './rule.js';

/** Rules by domain and operator. */
export type RuleTable = ReadonlyMap<string, GradientRule>;

/** onnxruntime's own form of these takes 16 and 4 bits in every opset, and is else the same. */
const OF_ONNXRUNTIME = [quantizeLinearGradient, dequantizeLinearGradient].map((rule) => ({
  ...rule,
  domain: 'com.microsoft',
}));

/** The rules that come with Lathe. */
export const BUILT_IN_RULES: RuleTable = tableOf([...GRADIENTS, ...OF_ONNXRUNTIME]);

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
