import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { Node } from '../onnx/ir.js';
import type { ChooseLowering } from './lowerings/choice.js';
import type { MaskNotes } from './mask-notes.js';

/**
 * The gradient of one ONNX operator.
 * `inputs` and `outputs` carry the names of the ONNX specification, in its order. `B?` may be omitted by a node,
 * `...inputs` stands for any number of them (last only). Outputs that the rule leaves out have no gradient.
 * The returned record must name every input: a Value, or null where the gradient is zero, undefined or not wanted.
 */
export interface GradientDefinition<I extends readonly string[], O extends readonly string[]> {
  readonly opType: string;
  /** Default '' (ai.onnx). */
  readonly domain?: string;
  readonly inputs: I;
  readonly outputs: O;
  /** The operator broadcasts its inputs: gradients may come back in the broadcast shape and are summed by the engine. */
  readonly broadcasts?: boolean;
  /**
   * The rule takes narrow gradients: with 1 along an axis along which they are the same everywhere, as those of a mean are. It may
   * also return such. Rules that do not say so get them expanded to the shape of their output.
   */
  readonly narrow?: boolean;
  /** The output is an integer tensor that carries a gradient all the same (QuantizeLinear). */
  readonly straightThrough?: boolean;
  /** Why this form of the operator has no gradient (an unusual mode, say), or null. Default: every form has one. */
  unsupported?(node: Node): string | null;
  gradient(call: GradientCall<I, O>): Gradients<I>;
}

/** What every rule receives besides its operator's own inputs and outputs. */
export interface CallBase {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** The node that makes a value, if nothing but its consumers needs the value's gradient. */
  producerOf(value: Value): Node | undefined;
  readonly masks: MaskNotes;
  /** To be handed on to lowerings that have several ways to compute a piece. */
  readonly choose?: ChooseLowering | undefined;
  /** Channels per block of the CPU's convolution kernels; null where the graph must do without them. */
  readonly channelBlock: number | null;
}

export type GradientCall<I extends readonly string[], O extends readonly string[]> = CallBase &
  Slots<I, Value> &
  Slots<O, Value> &
  OutputGradients<O> & {
    /** Which inputs lie between what is trained and the loss; the gradients of others are thrown away. */
    readonly wants: { readonly [S in I[number] as NameOf<S>]: S extends Variadic ? readonly boolean[] : boolean };
  };

export type Gradients<I extends readonly string[]> = {
  readonly [S in I[number] as NameOf<S>]: S extends Variadic ? readonly (Value | null)[] : Value | null;
};

type Variadic = `...${string}`;
type NameOf<S extends string> = S extends `...${infer N}` ? N : S extends `${infer N}?` ? N : S;
type Slots<I extends readonly string[], V> = {
  readonly [S in I[number] as NameOf<S>]: S extends Variadic ? readonly V[] : S extends `${string}?` ? V | null : V;
};
/** With a single output its gradient is there, or the rule would not be called; with several each may be null. */
type OutputGradients<O extends readonly string[]> = {
  readonly [S in O[number] as `d${Capitalize<NameOf<S>>}`]: S extends Variadic
    ? readonly (Value | null)[]
    : O extends readonly [string]
      ? Value
      : Value | null;
};

/** A rule as the engine calls it: by position instead of by name. */
export interface GradientRule {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly broadcasts: boolean;
  readonly narrow: boolean;
  readonly straightThrough: boolean;
  unsupported(node: Node): string | null;
  /** Gradients in the order of the node's inputs. */
  apply(call: RuleCall): (Value | null)[];
}

export interface RuleCall extends CallBase {
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly (Value | null)[];
  readonly outputGradients: readonly (Value | null)[];
  readonly wants: readonly boolean[];
}

/** Checks a rule's types and makes it callable by position. */
export function defineGradient<const I extends readonly string[], const O extends readonly string[]>(
  definition: GradientDefinition<I, O>,
): GradientRule {
  return {
    opType: definition.opType,
    domain: definition.domain ?? '',
    inputs: definition.inputs,
    outputs: definition.outputs,
    broadcasts: definition.broadcasts ?? false,
    narrow: definition.narrow ?? false,
    straightThrough: definition.straightThrough ?? false,
    unsupported: (node) => definition.unsupported?.(node) ?? null,
    apply(call) {
      const named = {
        b: call.b,
        node: call.node,
        producerOf: call.producerOf,
        masks: call.masks,
        choose: call.choose,
        channelBlock: call.channelBlock,
        ...byName(definition.inputs, call.inputs, null),
        ...byName(definition.outputs, call.outputs, null),
        ...byName(definition.outputs.map(gradientSlot), call.outputGradients, null),
        wants: byName(definition.inputs, call.wants, false),
      };
      const gradients = definition.gradient(named as unknown as GradientCall<I, O>) as Record<string, unknown>;
      return byPosition(definition.inputs, gradients, call.inputs.length);
    },
  };
}

function nameOf(slot: string): string {
  return slot.replace(/^\.\.\./, '').replace(/\?$/, '');
}

function gradientSlot(slot: string): string {
  const name = nameOf(slot);
  return `${slot.startsWith('...') ? '...' : ''}d${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function byName<T>(slots: readonly string[], list: readonly T[], missing: T): Record<string, T | readonly T[]> {
  const record: Record<string, T | readonly T[]> = {};
  slots.forEach((slot, index) => {
    record[nameOf(slot)] = slot.startsWith('...') ? list.slice(index) : (list[index] ?? missing);
  });
  return record;
}

function byPosition(slots: readonly string[], gradients: Record<string, unknown>, count: number): (Value | null)[] {
  const list: (Value | null)[] = [];
  for (const slot of slots) {
    const value = gradients[nameOf(slot)];
    if (slot.startsWith('...')) list.push(...(value as (Value | null)[]));
    else list.push(value as Value | null);
  }
  return list.slice(0, count);
}
