import type { GraphIndex } from '../../onnx/graph-index.js';
import type { Model, Node } from '../../onnx/ir.js';
import { int64Tensor } from '../../onnx/tensor.js';
import { type Axis, labelsOf } from './labels.js';

/** Changes a node of the smaller model: sizes that it names, groups that it counts. */
export type Edit = (rewriting: Rewriting) => void;

/** A node that is being fitted to fewer channels. */
export class Rewriting {
  constructor(
    readonly node: Node,
    private readonly model: Model,
    private readonly index: GraphIndex,
    private readonly isRemoved: (label: number) => boolean,
  ) {}

  /** How many of these labels stay. */
  count(labels: readonly number[]): number {
    return labels.reduce((sum, label) => sum + (this.isRemoved(label) ? 0 : 1), 0);
  }

  /** Whether an axis gets shorter. */
  shrinks(axis: Axis): boolean {
    return labelsOf(axis).some(this.isRemoved);
  }

  /** Gives an input of the node these integers; others that read the old ones keep them. */
  setInput(position: number, values: readonly number[]): void {
    const old = this.node.inputs[position] ?? '';
    const known = this.model.graph.initializers.get(old);
    const isPrivate = known !== undefined && this.index.consumers(old).length === 1 && !this.index.isOutput(old);
    const uses = this.node.inputs.filter((name) => name === old).length;
    const name = isPrivate && uses === 1 ? old : this.index.unique(`${old || this.node.name}.kept`);
    const tensor = int64Tensor(values);
    const dataType = known?.dataType ?? 'int64';
    this.model.graph.initializers.set(
      name,
      dataType === 'int64' ? tensor : { dataType, dims: [values.length], bytes: bytesOf(Int32Array.from(values)) },
    );
    while (this.node.inputs.length < position) this.node.inputs.push('');
    this.node.inputs[position] = name;
  }

  setInt(name: string, value: number): void {
    this.node.attributes.set(name, { type: 'int', value });
  }

  setInts(name: string, value: readonly number[]): void {
    this.node.attributes.set(name, { type: 'ints', value });
  }
}

function bytesOf(array: Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
