import { UserError } from '../../core/errors.js';
import type { Attribute, Graph, Node, Tensor } from '../ir.js';
import { nodeLabel } from '../ir.js';
import type { ValueType } from '../shapes/index.js';
import { int64Tensor } from '../tensor.js';

/** One change of an operator between two versions of ai.onnx: changes the node and gives what takes its place, in order. */
export type UpgradeRule = (node: Node, site: UpgradeSite) => readonly Node[];

/** Rules by operator, then by the version that brought the change. */
export type UpgradeTable = Readonly<Record<string, Readonly<Record<number, UpgradeRule>>>>;

/** The graph around a node that is being upgraded. */
export class UpgradeSite {
  constructor(
    readonly graph: Graph,
    /** All names in the model, so that new ones are free. */
    private readonly names: Set<string>,
    /** What is known about the main graph's values. */
    private readonly types: ReadonlyMap<string, ValueType>,
    /** The version that the model is brought to in this step. */
    readonly version: number,
  ) {}

  typeOf(name: string | undefined): ValueType | undefined {
    return name === undefined ? undefined : this.types.get(name);
  }

  /** The constant behind a name in this graph. */
  constantOf(name: string | undefined): Tensor | undefined {
    return name === undefined ? undefined : this.graph.initializers.get(name);
  }

  isRead(name: string): boolean {
    return (
      this.graph.outputs.some((output) => output.name === name) ||
      this.graph.nodes.some((node) => node.inputs.includes(name))
    );
  }

  /** A new initializer. @returns its name */
  constant(base: string, tensor: Tensor): string {
    const name = this.unique(base);
    this.graph.initializers.set(name, tensor);
    return name;
  }

  unique(base: string): string {
    let name = base;
    for (let i = 1; this.names.has(name); i++) name = `${base}.${i}`;
    this.names.add(name);
    return name;
  }

  /** A new node beside another one. */
  node(beside: Node, opType: string, inputs: string[], attributes: Record<string, Attribute> = {}): Node {
    const name = this.unique(`${nodeLabel(beside)}.${opType.toLowerCase()}`);
    return {
      name,
      opType,
      domain: '',
      inputs,
      outputs: [this.unique(`${name}.out`)],
      attributes: new Map(Object.entries(attributes)),
    };
  }

  /** The error for what has no equal in the later version. @param problem goes on from "The node …" */
  refusal(node: Node, problem: string): UserError {
    const label = nodeLabel(node);
    return new UserError(
      'ONNX_OPSET',
      `The node "${label}" (${node.opType}) ${problem}, so the model cannot be brought to opset ${this.version}.`,
      'Export the model with a newer opset.',
      { place: { kind: 'graph', node: label, opType: node.opType } },
    );
  }
}

/** Puts an input at a position; positions before it that are not given stay omitted. */
export function setInput(node: Node, index: number, name: string): void {
  while (node.inputs.length < index) node.inputs.push('');
  node.inputs[index] = name;
}

/** A rule that moves a list of integers from an attribute to an input, if it is there. */
export function intsToInput(attributeName: string, index: number): UpgradeRule {
  return (node, site) => {
    const attribute = node.attributes.get(attributeName);
    if (attribute === undefined) return [node];
    if (attribute.type !== 'ints')
      throw site.refusal(node, `has no list of integers in its attribute "${attributeName}"`);
    setInput(node, index, site.constant(`${nodeLabel(node)}.${attributeName}`, int64Tensor(attribute.value)));
    node.attributes.delete(attributeName);
    return [node];
  };
}
