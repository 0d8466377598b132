import { UserError } from '../../core/errors.js';
import {
  type DataType,
  type Dim,
  floatAttribute,
  intAttribute,
  intsAttribute,
  type Node,
  nodeLabel,
  stringAttribute,
  type Tensor,
} from '../ir.js';
import { type KnownValues, valuesOfTensor } from './known-values.js';

export interface ValueType {
  readonly dataType: DataType;
  /** null: the rank is unknown. */
  readonly shape: readonly Dim[] | null;
}

/** What is known when a node's outputs are inferred. */
export interface InferenceContext {
  /** Version of ai.onnx. */
  readonly opset: number;
  typeOf(name: string): ValueType | undefined;
  /** The constant behind a name: an initializer. */
  constantOf(name: string): Tensor | undefined;
  /** Small contents that are known without being constants: results of shape arithmetic, as `foldNode` gives them. */
  valuesOf?(name: string): KnownValues | undefined;
}

/** Gives the types of an operator's outputs. Throws ONNX_SHAPE through `call.fail` where the inputs cannot go together. */
export type ShapeRule = (call: Call) => ValueType[];

/** Rules by operator, for one domain. */
export type RuleTable = Readonly<Record<string, ShapeRule>>;

/** A node as its rule sees it: inputs by position, attributes by name. */
export class Call {
  constructor(
    readonly node: Node,
    readonly context: InferenceContext,
  ) {}

  get opset(): number {
    return this.context.opset;
  }

  get inputCount(): number {
    return this.node.inputs.length;
  }

  get outputCount(): number {
    return this.node.outputs.length;
  }

  /** Whether this input is given; an omitted optional one is not. */
  has(index: number): boolean {
    return (this.node.inputs[index] ?? '') !== '';
  }

  dataType(index: number): DataType {
    return this.typeAt(index)?.dataType ?? 'undefined';
  }

  /** Shape of an input, or null where its rank is unknown. */
  shape(index: number): readonly Dim[] | null {
    return this.typeAt(index)?.shape ?? null;
  }

  /** The elements of a small scalar or vector input, as far as they are known. */
  values(index: number): readonly Dim[] | undefined {
    const known = this.known(index);
    return known !== undefined && known.dims.length <= 1 ? known.values : undefined;
  }

  /** The elements of a small input if all of them are known numbers. */
  numbers(index: number): readonly number[] | undefined {
    const values = this.values(index);
    return values?.every((value) => typeof value === 'number') ? (values as readonly number[]) : undefined;
  }

  known(index: number): KnownValues | undefined {
    const name = this.node.inputs[index] ?? '';
    if (name === '') return undefined;
    const known = this.context.valuesOf?.(name);
    if (known !== undefined) return known;
    const tensor = this.context.constantOf(name);
    return tensor === undefined ? undefined : valuesOfTensor(tensor);
  }

  int(name: string, fallback: number): number {
    return intAttribute(this.node, name, fallback);
  }

  float(name: string, fallback: number): number {
    return floatAttribute(this.node, name, fallback);
  }

  string(name: string, fallback: string): string {
    return stringAttribute(this.node, name, fallback);
  }

  ints(name: string): readonly number[] | undefined {
    return intsAttribute(this.node, name);
  }

  /** An axis as a number from 0 on. */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (axis < 0 || axis >= rank) this.fail(`has the axis ${value}, but its input has ${rank} dimensions`);
    return axis;
  }

  /** Throws ONNX_SHAPE. @param problem goes on from "The node …" */
  fail(problem: string): never {
    const { node } = this;
    throw new UserError(
      'ONNX_SHAPE',
      `The node "${nodeLabel(node)}" (${node.opType}) ${problem}.`,
      'Check the graph, or the input shapes that it was given.',
      { place: { kind: 'graph', node: nodeLabel(node), opType: node.opType } },
    );
  }

  private typeAt(index: number): ValueType | undefined {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? undefined : this.context.typeOf(name);
  }
}

export function typed(dataType: DataType, shape: readonly Dim[] | null): ValueType {
  return { dataType, shape };
}
