import { type Attribute, type Graph, type Node, nodeLabel, type Tensor } from '../ir.js';
import type { ValueType } from '../shapes/index.js';
import { floatTensor } from '../tensor.js';

/** The graph around a node that is written out: all names in it, and what is known about its values. */
export interface Surroundings {
  readonly graph: Graph;
  readonly names: Set<string>;
  readonly types: ReadonlyMap<string, ValueType>;
}

/** Collects the nodes that take another one's place. Values are known by name. */
export class Writer {
  readonly nodes: Node[] = [];

  constructor(
    readonly node: Node,
    private readonly around: Surroundings,
  ) {}

  /** The name of an input, or '' where it is omitted. */
  input(index: number): string {
    return this.node.inputs[index] ?? '';
  }

  rank(name: string): number | undefined {
    return this.around.types.get(name)?.shape?.length;
  }

  op(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = this.unique(`${nodeLabel(this.node)}.${opType.toLowerCase()}`);
    const output = this.unique(`${name}.out`);
    const given = inputs.slice(0, inputs.findLastIndex((input) => input !== '') + 1);
    const entries = new Map(Object.entries(attributes));
    this.nodes.push({ name, opType, domain: '', inputs: [...given], outputs: [output], attributes: entries });
    return output;
  }

  scalar(value: number): string {
    return this.constant(floatTensor([value], []));
  }

  constant(tensor: Tensor): string {
    const name = this.unique(`${nodeLabel(this.node)}.const`);
    this.around.graph.initializers.set(name, tensor);
    return name;
  }

  /** Gives a value that was made here the name of the node's output at a position, if there is one. */
  give(value: string, position = 0): void {
    const name = this.node.outputs[position] ?? '';
    if (name === '') return;
    const renamed = (given: string) => (given === value ? name : given);
    for (const node of this.nodes) {
      node.inputs = node.inputs.map(renamed);
      node.outputs = node.outputs.map(renamed);
    }
  }

  private unique(base: string): string {
    let name = base;
    for (let i = 1; this.around.names.has(name); i++) name = `${base}.${i}`;
    this.around.names.add(name);
    return name;
  }
}

/** How an operator is written out; null for a form in which it cannot be. */
export type WritingRule = (w: Writer) => null | undefined;
