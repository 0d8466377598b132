import type { Dim, Model, Node } from '../../onnx/ir.js';
import { foldNode, type KnownValues, type ValueType } from '../../onnx/shapes/index.js';
import { intsOf } from '../../onnx/tensor.js';
import type { Edit } from './edit.js';
import { type Axes, type Axis, Labels, labelsOf, MOST_CHANNELS } from './labels.js';
import type { Element } from './shape-values.js';

/** What is known while the labels go through a graph, from its inputs to its outputs. */
export class Flow {
  readonly labels = new Labels();
  readonly edits: { readonly node: Node; readonly edit: Edit }[] = [];
  /** Axis of the output channels of each node that multiplies by a weight. */
  readonly outputs = new Map<Node, Axis>();
  /** Contents of small integer vectors that hold sizes of axes. */
  readonly elements = new Map<string, readonly Element[]>();
  private readonly values = new Map<string, Axes>();
  private readonly known = new Map<string, KnownValues>();

  constructor(
    readonly model: Model,
    readonly types: ReadonlyMap<string, ValueType>,
  ) {}

  get opset(): number {
    return this.model.opsets.get('') ?? 1;
  }

  /** The axes of a value. A constant gets labels of its own when it is first asked for. */
  axesOf(name: string): Axes {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const tensor = this.model.graph.initializers.get(name);
    const axes = tensor?.dims.map((size) => this.freshAxis(size, `they are tied to the constant "${name}"`)) ?? null;
    this.values.set(name, axes);
    return axes;
  }

  /** An axis of labels of its own; frozen if it is too long to be one of channels. */
  freshAxis(size: number, reason: string): Axis {
    return size > MOST_CHANNELS ? this.labels.frozen(reason) : this.labels.fresh(size);
  }

  /** An axis that stays. */
  frozenAxis(size: Dim, reason: string): Axis {
    const label = this.labels.frozen(reason);
    return typeof size === 'number' && size <= MOST_CHANNELS ? new Array<number>(size).fill(label) : label;
  }

  setAxes(name: string, axes: Axes): void {
    this.values.set(name, axes);
  }

  /** All values and constants that have labels. */
  entries(): Iterable<readonly [string, Axes]> {
    return this.values;
  }

  shapeOf(name: string): readonly Dim[] | null {
    return this.types.get(name)?.shape ?? null;
  }

  /** Integers that are known before the model runs: a constant, or what is computed from constants alone. */
  integersOf(name: string): readonly number[] | undefined {
    if (this.elements.get(name)?.some((element) => 'axis' in element)) return undefined;
    const tensor = this.model.graph.initializers.get(name);
    if (tensor !== undefined) {
      return tensor.dataType === 'int64' || tensor.dataType === 'int32' ? intsOf(tensor) : undefined;
    }
    const known = this.known.get(name);
    if (known?.isInteger !== true) return undefined;
    return known.values.every((value) => typeof value === 'number') ? (known.values as readonly number[]) : undefined;
  }

  /** Works out what a node computes from constants. Sizes of axes go in too: whoever reckons with one freezes it. */
  fold(node: Node): void {
    const values = foldNode(node, {
      opset: this.opset,
      typeOf: (name) => this.types.get(name),
      constantOf: (name) => this.model.graph.initializers.get(name),
      valuesOf: (name) => this.known.get(name),
    });
    for (const [index, each] of values.entries()) this.known.set(node.outputs[index]!, each);
  }

  /** Axes of the inferred shape of a value, all of them frozen. */
  frozenAxes(name: string, reason: string): Axes {
    const shape = this.shapeOf(name);
    if (shape === null) return null;
    return shape.map((dim) => this.frozenAxis(dim, reason));
  }

  freeze(axes: Axes, reason: string): void {
    for (const axis of axes ?? []) this.freezeAxis(axis, reason);
  }

  freezeAxis(axis: Axis, reason: string): void {
    for (const label of labelsOf(axis)) this.labels.freeze(label, reason);
  }
}
