import { type Dim, intAttribute, intsAttribute, type Node, nodeLabel } from '../../onnx/ir.js';
import { readNames } from '../../onnx/order.js';
import type { Edit } from './edit.js';
import type { Flow } from './flow.js';
import { type Axes, type Axis, labelsOf } from './labels.js';

/** Gives the axes of a node's outputs, and ties or freezes labels on the way. */
export type AxisRule = (call: NodeCall) => Axes[];

/** A node as its rule sees it. */
export class NodeCall {
  constructor(
    readonly node: Node,
    readonly flow: Flow,
  ) {}

  /** As messages call it: Softmax "attention". */
  get title(): string {
    return `${this.node.opType} "${nodeLabel(this.node)}"`;
  }

  get opset(): number {
    return this.flow.opset;
  }

  has(index: number): boolean {
    return (this.node.inputs[index] ?? '') !== '';
  }

  axes(index: number): Axes {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? null : this.flow.axesOf(name);
  }

  /** The inferred shape of an input. */
  shape(index: number): readonly Dim[] | null {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? null : this.flow.shapeOf(name);
  }

  /** The integers of a constant input. */
  constant(index: number): readonly number[] | undefined {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? undefined : this.flow.integersOf(name);
  }

  /** Integers that are an input since some operator set and an attribute before; null where they are only known at run time. */
  ints(index: number, attribute: string): readonly number[] | undefined | null {
    if (this.has(index)) return this.constant(index) ?? null;
    return intsAttribute(this.node, attribute);
  }

  int(name: string, fallback: number): number {
    return intAttribute(this.node, name, fallback);
  }

  tieLabels(a: number, b: number): void {
    this.flow.labels.tie(a, b);
  }

  /** Ties two axes that must be equally long, index by index. */
  tie(a: Axis | undefined, b: Axis | undefined): void {
    if (a === undefined || b === undefined || a === b) return;
    if (typeof a !== 'number' && typeof b !== 'number' && a.length === b.length) {
      a.forEach((label, i) => {
        this.tieLabels(label, b[i]!);
      });
    } else if (typeof a !== 'number' && typeof b !== 'number') {
      this.freezeAxis(a, `${this.title} joins axes of different length`);
      this.freezeAxis(b, `${this.title} joins axes of different length`);
    } else {
      const [first, ...rest] = [...labelsOf(a), ...labelsOf(b)];
      for (const label of rest) this.tieLabels(first!, label);
    }
  }

  freezeAxis(axis: Axis | undefined, reason: string): void {
    if (axis !== undefined) this.flow.freezeAxis(axis, reason);
  }

  /** Freezes all that the node reads, also in its subgraphs, and gives its outputs frozen axes. */
  freezeAll(reason: string): Axes[] {
    for (const name of readNames(this.node)) this.flow.freeze(this.flow.axesOf(name), reason);
    return this.node.outputs.map((name) => (name === '' ? null : this.flow.frozenAxes(name, reason)));
  }

  /** A frozen axis of unknown length. */
  fixed(reason: string): Axis {
    return this.flow.labels.frozen(reason);
  }

  /** The length of an axis as far as it is known. */
  sizeOf(axis: Axis, index: number, position: number): Dim {
    return typeof axis === 'number' ? (this.shape(index)?.[position] ?? null) : axis.length;
  }

  /** What has to change in the node once channels are gone. */
  edit(edit: Edit): void {
    this.flow.edits.push({ node: this.node, edit });
  }
}

/** An axis from 0 on. */
export function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
