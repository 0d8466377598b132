import type { Node } from './ir.js';

/** Attributes that the specification requires of this node and that it does not have. */
export function missingAttributes(node: Node, opset: number): string[] {
  if (node.domain !== '') return [];
  // An operator may be called "constructor": names of objects are none of the table's.
  const required = Object.hasOwn(REQUIRED, node.opType) ? REQUIRED[node.opType] : undefined;
  if (required === undefined) return [];
  const [names, until] = required;
  if (until !== undefined && opset >= until) return [];
  return names.filter((name) => !node.attributes.has(name));
}

/** Required attributes by operator, and the opset since which they are inputs or gone. */
const REQUIRED: Readonly<Record<string, readonly [names: readonly string[], until?: number]>> = {
  AveragePool: [['kernel_shape']],
  BitShift: [['direction']],
  Cast: [['to']],
  ConcatFromSequence: [['axis']],
  DepthToSpace: [['blocksize']],
  Einsum: [['equation']],
  GroupNormalization: [['num_groups']],
  If: [['then_branch', 'else_branch']],
  LRN: [['size']],
  Loop: [['body']],
  MaxPool: [['kernel_shape']],
  MaxRoiPool: [['pooled_shape']],
  MaxUnpool: [['kernel_shape']],
  Pad: [['pads'], 11],
  RandomNormal: [['shape']],
  RandomUniform: [['shape']],
  Scan: [['body']],
  Slice: [['starts', 'ends'], 10],
  SpaceToDepth: [['blocksize']],
  Unsqueeze: [['axes'], 13],
  Upsample: [['scales'], 9],
};
