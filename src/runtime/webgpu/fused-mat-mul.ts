import { intAttribute, type Node } from '../../onnx/ir.js';
import type { Rewrite } from './rewrite.js';

/** FusedMatMul has no WebGPU kernel, and would bring its large inputs back to the CPU: MatMul of transposed factors. */
export function fusedMatMul(rewrite: Rewrite, node: Node): Node[] | null {
  if ([...node.attributes.keys()].some((name) => name !== 'transA' && name !== 'transB')) return null;
  const ranks = node.inputs.map((name) => rewrite.shapeOf(name)?.length ?? 0);
  if (ranks.some((rank) => rank < 2)) return null;
  const output = node.outputs[0]!;
  const turns = ['transA', 'transB'].flatMap((attribute, side) => {
    if (intAttribute(node, attribute, 0) === 0) return [];
    const rank = ranks[side]!;
    const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
    return [{ side, turn: rewrite.op('Transpose', [node.inputs[side]!], `${output}/turned${side}`, { perm }) }];
  });
  const factors = node.inputs.map((name, at) => turns.find(({ side }) => side === at)?.turn.outputs[0] ?? name);
  return [...turns.map(({ turn }) => turn), rewrite.op('MatMul', factors, output)];
}
