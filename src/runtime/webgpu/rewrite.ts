import { toAttribute } from '../../onnx/builder.js';
import type { Graph, Node, Tensor } from '../../onnx/ir.js';
import { floatTensor, int64Tensor } from '../../onnx/tensor.js';

/** Makes nodes that take the place of others in a graph, and keeps their constants. */
export class Rewrite {
  /** By name: to be added to the graph's initializers. */
  readonly constants = new Map<string, Tensor>();

  constructor(readonly graph: Graph) {}

  /** Null unless every size is known. */
  shapeOf(name: string): readonly number[] | null {
    return staticShape(this.graph, name);
  }

  ints(values: readonly number[]): string {
    return this.constant(`webgpu/ints:${values}`, int64Tensor(values));
  }

  scalar(value: number): string {
    return this.constant(`webgpu/float:${value}`, floatTensor([value], []));
  }

  /** An operator of ai.onnx with one output, whose name is the node's too. */
  op(
    opType: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
  ): Node {
    const list = Object.entries(attributes).map(([name, value]) => [name, toAttribute(value, name)] as const);
    return {
      name: `${output}/${opType}`,
      opType,
      domain: '',
      inputs: [...inputs],
      outputs: [output],
      attributes: new Map(list),
    };
  }

  private constant(name: string, tensor: Tensor): string {
    this.constants.set(name, tensor);
    return name;
  }
}

/** The shape of a value of a graph; null unless every size is known. */
export function staticShape(graph: Graph, name: string): readonly number[] | null {
  const { dims } = graph.initializers.get(name) ?? {};
  const info = graph.valueInfo.get(name) ?? graph.inputs.find((input) => input.name === name);
  const shape = dims ?? info?.shape ?? null;
  return shape?.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : null;
}
