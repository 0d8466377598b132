import { UserError } from '../core/errors.js';
import { type Node, nodeLabel } from '../onnx/ir.js';
import type { RuleTable } from './table.js';

/** AUTODIFF_NO_RULE: operators between the trained weights and the loss that have no rule, all of them at once. */
export function noRule(nodes: readonly Node[], rules: RuleTable): UserError {
  const names = nodes.map((node) => `"${nodeLabel(node)}" (${qualified(node)})`);
  const [subject, verbs] =
    names.length === 1 ? ['The node', 'has no gradient, and lies'] : ['The nodes', 'have no gradient, and lie'];
  return new UserError(
    'AUTODIFF_NO_RULE',
    `${subject} ${names.join(', ')} ${verbs} between what is trained and the loss.`,
    `Freeze everything before, or replace the operator. Supported: ${supportedOperators(rules).join(', ')}.`,
    { place: place(nodes[0]!) },
  );
}

/** AUTODIFF_UNSUPPORTED: an operator that has a rule, but not in this form. */
export function unsupportedForm(node: Node, reason: string): UserError {
  return new UserError(
    'AUTODIFF_UNSUPPORTED',
    `The node "${nodeLabel(node)}" (${qualified(node)}) has no gradient in this form: ${reason}.`,
    'Freeze everything before it, or replace it.',
    { place: place(node) },
  );
}

/** Names of all operators with a rule, sorted. */
export function supportedOperators(rules: RuleTable): string[] {
  return [...rules.values()].map(qualified).sort();
}

/** The operator; one of another domain as `domain:Name`. */
function qualified({ domain, opType }: Pick<Node, 'domain' | 'opType'>): string {
  return domain === '' ? opType : `${domain}:${opType}`;
}

function place(node: Node) {
  return { kind: 'graph', node: nodeLabel(node), opType: node.opType } as const;
}
