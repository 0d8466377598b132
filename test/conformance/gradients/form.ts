import type { Random } from '../../../src/core/random.js';
import { type AttributeInput, GraphBuilder, type Value } from '../../../src/onnx/builder.js';
import type { Model, Tensor } from '../../../src/onnx/ir.js';
import { floatTensor, int64Tensor, sizeOf } from '../../../src/onnx/tensor.js';

/** What goes into a node: floats that are differentiated, a constant, or nothing where the input is optional. */
export type Operand = { readonly weight: Tensor } | { readonly constant: Tensor } | null;

/** One operator in one form: how it is set, what goes in, in which opset. */
export interface Form {
  readonly op: string;
  /** Default 18. */
  readonly opset?: number;
  /** Default '' (ai.onnx). */
  readonly domain?: string;
  readonly operands: readonly Operand[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  /** How many outputs the node has, default 1, and how many of them count, default all. */
  readonly outputs?: number;
  readonly counted?: number;
  /** Set for what is to be refused: part of the message. */
  readonly refused?: string;
}

/** The form as a model that has nothing but weights: its outputs are the node's. */
export function modelOf({ op, opset = 18, domain = '', operands, attributes = {}, outputs = 1, counted }: Form): Model {
  const b = new GraphBuilder({ opset });
  const inputs = operands.map((operand, index): Value | null => {
    if (operand === null) return null;
    return 'weight' in operand ? b.initializer(`w${index}`, operand.weight) : b.constant(operand.constant);
  });
  const results = b.ops(op, inputs, outputs, attributes, { domain, name: 'node' });
  for (const result of results.slice(0, counted ?? outputs)) b.output(result);
  return b.build();
}

export function weightsOf({ operands }: Form): string[] {
  return operands.flatMap((operand, index) => (operand !== null && 'weight' in operand ? [`w${index}`] : []));
}

/** The form in words that repeat it. */
export function textOf({ op, opset = 18, domain, operands, attributes }: Form): string {
  const inputs = operands.map((operand) => {
    if (operand === null) return '–';
    const tensor = 'weight' in operand ? operand.weight : operand.constant;
    return `${'weight' in operand ? '' : 'const '}${tensor.dataType} [${tensor.dims}]`;
  });
  const name = domain === undefined ? op : `${domain}:${op}`;
  return `${name} in opset ${opset}: ${inputs.join(', ')} ${JSON.stringify(attributes ?? {})}`;
}

/** Makes operands; what it draws depends on the seed alone. */
export class Draws {
  constructor(readonly random: Random) {}

  /** Normally distributed. */
  normal(...dims: number[]): Operand {
    return weight(dims, () => this.random.normal());
  }

  /** Between 0.5 and 2. */
  positive(...dims: number[]): Operand {
    return weight(dims, () => 0.5 + 1.5 * this.random.uniform());
  }

  /** All different by 0.08, none within 0.04 of 0 or another whole multiple of 0.08: neither ties nor kinks. */
  distinct(...dims: number[]): Operand {
    const size = sizeOf(dims);
    const order = this.random.permutation(size);
    return weight(dims, (index) => (order[index]! - Math.floor(size / 2) + 0.5) * 0.08);
  }

  pick<T>(options: readonly T[]): T {
    return options[this.random.int(options.length)]!;
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.random.int(high - low + 1);
  }
}

function weight(dims: readonly number[], draw: (index: number) => number): Operand {
  return {
    weight: floatTensor(
      Float32Array.from({ length: sizeOf(dims) }, (_, index) => draw(index)),
      dims,
    ),
  };
}

export function ints(...values: number[]): Operand {
  return { constant: int64Tensor(values) };
}

export function intGrid(values: readonly number[], ...dims: number[]): Operand {
  return { constant: int64Tensor(values, dims) };
}

export function floats(values: readonly number[], ...dims: number[]): Operand {
  return { constant: floatTensor(values, dims) };
}

export function constant(tensor: Tensor): Operand {
  return { constant: tensor };
}
