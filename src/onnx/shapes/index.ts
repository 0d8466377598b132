import type { DataType, Dim, Node, Tensor } from '../ir.js';

export interface ValueType {
  readonly dataType: DataType;
  /** null: the rank is unknown. */
  readonly shape: readonly Dim[] | null;
}

/** What is known when a node's outputs are inferred. */
export interface InferenceContext {
  readonly opset: number;
  typeOf(name: string): ValueType | undefined;
  /** The constant behind a name: an initializer, or the folded result of shape arithmetic. */
  constantOf(name: string): Tensor | undefined;
}

/** Types of the node's outputs, in order; an unknown operator gives unknown shapes. */
export function inferNode(_node: Node, _context: InferenceContext): ValueType[] {
  return [];
}
