import { intAttribute, type Node } from '../onnx/ir.js';

/**
 * The axis of a weight that indexes output channels, which may have a scale each; null where only one scale fits.
 * Conv 0, ConvTranspose 1 (null with groups: its output channels are spread over two axes), Gemm 0 if transB else 1,
 * MatMul 1 of a matrix on the right-hand side.
 */
export function weightAxis(node: Node, rank: number): number | null {
  switch (node.opType) {
    case 'Conv':
      return 0;
    case 'ConvTranspose':
      return intAttribute(node, 'group', 1) === 1 ? 1 : null;
    case 'Gemm':
      return intAttribute(node, 'transB', 0) !== 0 ? 0 : 1;
    case 'MatMul':
      return rank === 2 ? 1 : null;
    default:
      return null;
  }
}
