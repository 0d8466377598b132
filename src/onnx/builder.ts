import type { Attribute, DataType, Dim, Graph, Model, Node, Tensor, ValueInfo } from './ir.js';
import { foldNode, type InferenceContext, inferNode, type KnownValues, type ValueType } from './shapes/index.js';
import { floatTensor, int64Tensor } from './tensor.js';
import { BUILD_OPSET, irVersionOf } from './versions.js';

/** A value of the graph under construction. */
export interface Value extends ValueType {
  readonly name: string;
}

export type AttributeInput = number | string | readonly number[] | readonly string[] | Attribute | undefined;

export interface OpOptions {
  /** Default '' (ai.onnx). */
  readonly domain?: string;
  /** Name of the node; made unique. Default: the operator in lower case. */
  readonly name?: string;
  /** Names of the outputs, where they must be fixed. */
  readonly outputs?: readonly string[];
}

/**
 * Builds an ONNX graph operator by operator. Every value's element type and shape is inferred when it is made, so that
 * code which needs a shape (gradients above all) can ask for it.
 * Whole numbers given as attributes become ints, except under names that are floats in every operator (`alpha`);
 * where that guess is wrong, give `{ type: 'float', value }`: ONNX distinguishes.
 */
export class GraphBuilder {
  readonly graph: Graph;
  readonly opsets: Map<string, number>;
  /** Names of values that count as constants where the graph is differentiated. */
  readonly detached = new Set<string>();
  private readonly values = new Map<string, Value>();
  private readonly names = new Set<string>();
  private readonly counters = new Map<string, number>();
  private readonly constants = new Map<string, Value>();
  private readonly known = new Map<string, KnownValues>();
  private readonly context: InferenceContext;

  constructor(options: { name?: string; opset?: number } = {}) {
    this.opsets = new Map([['', options.opset ?? BUILD_OPSET]]);
    this.graph = {
      name: options.name ?? 'graph',
      nodes: [],
      inputs: [],
      outputs: [],
      initializers: new Map(),
      valueInfo: new Map(),
    };
    const opsets = this.opsets;
    this.context = {
      get opset() {
        return opsets.get('') ?? BUILD_OPSET;
      },
      typeOf: (name) => this.values.get(name),
      constantOf: (name) => this.graph.initializers.get(name),
      valuesOf: (name) => this.known.get(name),
    };
  }

  /** A graph input. A string in the shape is a symbolic dimension. */
  input(name: string, dataType: DataType, shape: readonly Dim[]): Value {
    this.graph.inputs.push({ name, dataType, shape });
    return this.register({ name: this.claim(name), dataType, shape });
  }

  /** A named constant: a weight. */
  initializer(name: string, tensor: Tensor): Value {
    this.graph.initializers.set(name, tensor);
    return this.register({ name: this.claim(name), dataType: tensor.dataType, shape: tensor.dims });
  }

  /** A float32 scalar, stored once per value. */
  scalar(value: number): Value {
    return this.constant(floatTensor([value], []), `f:${value}`);
  }

  /** A 1-D int64 constant (axes, shapes, starts), stored once per content. */
  ints(values: readonly number[]): Value {
    return this.constant(int64Tensor(values), `i:${values.join(',')}`);
  }

  /** An unnamed constant. Equal `key`s share one initializer; leave it out where sharing is unwanted. */
  constant(tensor: Tensor, key?: string): Value {
    const known = key === undefined ? undefined : this.constants.get(key);
    if (known !== undefined) return known;
    const value = this.initializer(this.unique('const'), tensor);
    if (key !== undefined) this.constants.set(key, value);
    return value;
  }

  /** One operator with one output. A null input is an omitted optional one. */
  op(
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: Record<string, AttributeInput> = {},
    options: OpOptions = {},
  ): Value {
    return this.ops(opType, inputs, 1, attributes, options)[0]!;
  }

  /** One operator with `count` outputs. */
  ops(
    opType: string,
    inputs: readonly (Value | null)[],
    count: number,
    attributes: Record<string, AttributeInput> = {},
    options: OpOptions = {},
  ): Value[] {
    const node: Node = {
      name: this.unique(options.name ?? opType.toLowerCase()),
      opType,
      domain: options.domain ?? '',
      inputs: trimTrailingOmitted(inputs.map((input) => input?.name ?? '')),
      outputs: [],
      attributes: new Map(),
    };
    for (const [name, input] of Object.entries(attributes)) {
      if (input !== undefined) node.attributes.set(name, toAttribute(input, name));
    }
    for (let i = 0; i < count; i++) {
      const fixed = options.outputs?.[i];
      node.outputs.push(fixed === undefined ? this.unique(`${node.name}.out`) : this.claim(fixed));
    }
    return this.append(node);
  }

  /** Adds a finished node (its output names must be free) and returns its outputs; omitted outputs are left out. */
  append(node: Node): Value[] {
    if (node.domain !== '' && !this.opsets.has(node.domain)) this.opsets.set(node.domain, 1);
    this.graph.nodes.push(node);
    this.names.add(node.name);
    const types = inferNode(node, this.context);
    for (const [index, values] of foldNode(node, this.context).entries()) this.known.set(node.outputs[index]!, values);
    const outputs: Value[] = [];
    node.outputs.forEach((name, index) => {
      if (name === '') return;
      this.names.add(name);
      const type = types[index] ?? { dataType: 'undefined' as const, shape: null };
      this.graph.valueInfo.set(name, { name, ...type });
      outputs.push(this.register({ name, ...type }));
    });
    return outputs;
  }

  /** Makes a value a graph output; `name`, if given and different, adds an Identity. */
  output(value: Value, name: string = value.name): Value {
    const exported = name === value.name ? value : this.op('Identity', [value], {}, { outputs: [name] });
    this.graph.outputs.push({ name: exported.name, dataType: exported.dataType, shape: exported.shape });
    this.graph.valueInfo.delete(exported.name);
    return exported;
  }

  /** A value by name. Throws if there is none: a bug in the caller. */
  value(name: string): Value {
    const value = this.values.get(name);
    if (value === undefined) throw new Error(`internal: the graph has no value "${name}"`);
    return value;
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** The contents of a small value, where they follow from shapes and constants. */
  knownOf(value: Value): KnownValues | undefined {
    return this.known.get(value.name);
  }

  /** The constant behind a value, if it is an initializer. */
  tensorOf(value: Value): Tensor | undefined {
    return this.graph.initializers.get(value.name);
  }

  /** A name that is not taken: `base`, `base.1`, `base.2` … */
  unique(base: string): string {
    if (!this.names.has(base)) return this.claim(base);
    for (let i = this.counters.get(base) ?? 1; ; i++) {
      const name = `${base}.${i}`;
      if (!this.names.has(name)) {
        this.counters.set(base, i + 1);
        return this.claim(name);
      }
    }
  }

  build(): Model {
    return {
      irVersion: irVersionOf(this.opsets.get('') ?? BUILD_OPSET),
      opsets: new Map(this.opsets),
      graph: this.graph,
      producerName: 'onnx-lathe',
      producerVersion: '',
      domain: '',
      modelVersion: 0,
      docString: '',
      metadata: new Map(),
    };
  }

  private claim(name: string): string {
    this.names.add(name);
    return name;
  }

  private register(value: Value): Value {
    this.values.set(value.name, value);
    return value;
  }
}

/**
 * The attribute for a plain value. Whole numbers become ints, except under the names that ONNX and onnxruntime use
 * for floats only (`alpha`, `epsilon` …).
 */
export function toAttribute(input: Exclude<AttributeInput, undefined>, name = ''): Attribute {
  if (typeof input === 'number') {
    const isInt = Number.isInteger(input) && !FLOAT_ATTRIBUTES.has(name);
    return { type: isInt ? 'int' : 'float', value: input };
  }
  if (typeof input === 'string') return { type: 'string', value: input };
  if (!Array.isArray(input)) return input as Attribute;
  if (input.length > 0 && input.every((item) => typeof item === 'string')) {
    return { type: 'strings', value: input as string[] };
  }
  const isInts = input.every((item) => Number.isInteger(item)) && !FLOAT_ATTRIBUTES.has(name);
  return { type: isInts ? 'ints' : 'floats', value: input as number[] };
}

const FLOAT_ATTRIBUTES: ReadonlySet<string> = new Set([
  'alpha',
  'beta',
  'gamma',
  'epsilon',
  'momentum',
  'ratio',
  'lambd',
  'bias',
  'mean',
  'scale',
  'scales',
  'high',
  'low',
  'seed',
  'min',
  'max',
  'cubic_coeff_a',
  'extrapolation_value',
  'spatial_scale',
  'activation_alpha',
  'activation_beta',
  'activation_params',
  'value_float',
  'value_floats',
]);

function trimTrailingOmitted(names: string[]): string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return names.slice(0, end);
}

export type { ValueInfo };
