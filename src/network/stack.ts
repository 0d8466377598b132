import { UserError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { GraphBuilder, type Value } from '../onnx/builder.js';
import type { Model } from '../onnx/ir.js';
import { floatTensor, sizeOf } from '../onnx/tensor.js';
import { drawWeight, type InitializerName } from './initializers.js';

/**
 * A network under construction, layer upon layer: the value on top, its shape without the batch dimension, and names for
 * what is added. Functions in layers/ add to it.
 */
export class Stack {
  readonly builder: GraphBuilder;
  /** Shape of one sample of the value on top: [C, H, W] or [F]. */
  shape: readonly number[];
  value: Value;
  private readonly names = new Set<string>();
  private readonly counters = new Map<string, number>();
  private readonly positions: number[] = [];

  /** @param random each weight draws from a stream derived from its own name, so that a new layer does not shift the others */
  constructor(
    readonly network: string,
    readonly inputShape: readonly number[],
    private readonly random: Random,
  ) {
    this.builder = new GraphBuilder({ name: network });
    this.shape = inputShape;
    this.value = this.builder.input('input', 'float32', ['batch', ...inputShape]);
  }

  /** Puts a value on top. */
  push(value: Value, shape: readonly number[]): void {
    this.value = value;
    this.shape = shape;
  }

  /** The name of a new layer: as wished, else the kind with the next free number. Throws NETWORK_NAME if the wish is taken. */
  claim(kind: string, wish?: string): string {
    let name = wish;
    if (name === undefined) {
      let count = this.counters.get(kind) ?? 0;
      do name = `${kind}${++count}`;
      while (this.names.has(name));
      this.counters.set(kind, count);
    } else if (this.names.has(name)) {
      throw new UserError('NETWORK_NAME', `Two layers are named "${name}".`, 'Rename one of them.');
    }
    this.names.add(name);
    return name;
  }

  /** A fresh weight. */
  weight(name: string, dims: readonly number[], initializer: InitializerName): Value {
    return this.builder.initializer(name, drawWeight(dims, initializer, this.random.derive(name)));
  }

  /** A vector that begins with the same value everywhere. */
  vector(name: string, length: number, value: number): Value {
    return this.builder.initializer(name, floatTensor(new Float32Array(length).fill(value), [length]));
  }

  /** Runs `build` for an entry of a list of layers, so that its errors name the position, counted from 1. */
  at(position: number, build: () => void): void {
    this.positions.push(position);
    build();
    this.positions.pop();
  }

  /** The error for a layer that does not fit what it gets. */
  misfit(layer: string, problem: string, fix: string): UserError {
    const place = this.positions.length === 0 ? this.network : `layer ${this.positions.join('.')}`;
    return new UserError(
      'NETWORK_SHAPE',
      `${place}, ${layer}: ${problem}`,
      `${fix} The network's input is ${show(this.inputShape)}.`,
    );
  }

  /** The finished model: the value on top becomes the output "logits" [batch, …]. */
  finish(): Model {
    const { graph } = this.builder;
    const producer = graph.nodes.find((node) => node.outputs.includes(this.value.name));
    if (producer === undefined) {
      this.builder.output(this.value, 'logits');
    } else {
      producer.outputs = producer.outputs.map((name) => (name === this.value.name ? 'logits' : name));
      graph.valueInfo.delete(this.value.name);
      graph.outputs.push({ name: 'logits', dataType: 'float32', shape: ['batch', ...this.shape] });
    }
    return this.builder.build();
  }
}

/** A shape in messages: [1, 28, 28]. */
export function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** Number of values of one sample. */
export function featuresOf(stack: Stack): number {
  return sizeOf(stack.shape);
}
