import type { Graph, Model, Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';

/** What a trained tensor does: only weights take part in weight decay and in the L1 penalty. */
export type ParameterRole = 'weight' | 'bias' | 'norm';

export interface Parameter {
  /** Name of the initializer. */
  readonly name: string;
  readonly dims: readonly number[];
  readonly role: ParameterRole;
}

/** The role of each input position of the operators that have parameters; positions beyond the list have none. */
const ROLES: ReadonlyMap<string, readonly (ParameterRole | null)[]> = new Map(
  Object.entries({
    Conv: [null, 'weight', 'bias'],
    ConvTranspose: [null, 'weight', 'bias'],
    Gemm: ['weight', 'weight', 'bias'],
    MatMul: ['weight', 'weight'],
    Gather: ['weight', null],
    PRelu: [null, 'norm'],
    BatchNormalization: [null, 'norm', 'norm'],
    InstanceNormalization: [null, 'norm', 'norm'],
    GroupNormalization: [null, 'norm', 'norm'],
    LayerNormalization: [null, 'norm', 'norm'],
    Add: ['bias', 'bias'],
    Sub: ['bias', 'bias'],
    Mul: ['norm', 'norm'],
    Div: ['norm', 'norm'],
  }),
);
/** A constant operand of these is a parameter only if it has several elements: one number is part of a formula (1e-5, 0.5, 6). */
const ARITHMETIC = new Set(['Add', 'Sub', 'Mul', 'Div']);
/** Operators that only rearrange a parameter on its way to its consumer. */
const PASS_THROUGH = new Set(['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Expand']);

/** The float32 initializers that training may change, in the order of the graph's initializers. */
export function trainableParameters(model: Model): Parameter[] {
  const roles = new Map<string, ParameterRole>();
  const aliases = new Map<string, string>();
  for (const node of model.graph.nodes) {
    if (node.domain === '') assignRoles(node, model.graph, aliases, roles);
  }
  const parameters: Parameter[] = [];
  for (const [name, tensor] of model.graph.initializers) {
    const role = roles.get(name);
    if (role !== undefined) parameters.push({ name, dims: tensor.dims, role });
  }
  return parameters;
}

/** Notes the roles that one node gives to initializers. @param aliases rearranged value → initializer behind it */
function assignRoles(node: Node, graph: Graph, aliases: Map<string, string>, roles: Map<string, ParameterRole>): void {
  const source = (input: string): string => aliases.get(input) ?? input;
  if (PASS_THROUGH.has(node.opType)) {
    const name = source(node.inputs[0] ?? '');
    if (graph.initializers.has(name)) aliases.set(node.outputs[0]!, name);
    return;
  }
  ROLES.get(node.opType)?.forEach((role, position) => {
    const name = source(node.inputs[position] ?? '');
    const tensor = graph.initializers.get(name);
    if (role === null || tensor?.dataType !== 'float32') return;
    if (ARITHMETIC.has(node.opType) && sizeOf(tensor.dims) < 2) return;
    // A tensor with two roles (a tied embedding) is a weight if it is one anywhere.
    if (roles.get(name) !== 'weight') roles.set(name, role);
  });
}
