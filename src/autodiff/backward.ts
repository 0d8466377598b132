import { UserError } from '../core/errors.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { atNode, dynamicShape } from './dynamic-shape.js';
import { dimsOf, expand, filled, isSameShape } from './emit.js';
import { canCarryGradient } from './gradient-type.js';
import type { ChooseLowering } from './lowerings/choice.js';
import { MaskNotes } from './mask-notes.js';
import { noRule, unsupportedForm } from './refusal.js';
import type { GradientRule } from './rule.js';
import { broadcastsTo, sumTo } from './sum-to.js';
import { BUILT_IN_RULES, type RuleTable, ruleFor } from './table.js';

export interface BackwardOptions {
  /** Default: the built-in rules. `extendRules` adds a plugin's. */
  readonly rules?: RuleTable;
  /** The gradient that arrives at `loss`, in its shape; then `loss` need not be a scalar. Default 1. */
  readonly seed?: Value;
  /** Overrules how heavy pieces are computed. */
  readonly choose?: ChooseLowering | undefined;
  /** From `probeChannelBlock`, for a graph that the CPU computes. Default null: standard operators only. */
  readonly channelBlock?: number | null;
}

/**
 * Appends the gradient of a scalar to the graph that computes it, and gives the gradients of `wrt`, each in the shape
 * of its value; null where the loss does not depend on it (or only through steps, whose slope is 0).
 * Only nodes between `wrt` and `loss` get gradients. All shapes on the way must be static.
 * Throws AUTODIFF_NO_RULE, AUTODIFF_UNSUPPORTED, AUTODIFF_OUTPUT, AUTODIFF_DYNAMIC_SHAPE and AUTODIFF_DATA_TYPE.
 */
export function buildBackward(
  b: GraphBuilder,
  loss: Value,
  wrt: readonly Value[],
  options: BackwardOptions = {},
): (Value | null)[] {
  return gradientsOf(b, new Map([[loss.name, options.seed ?? one(b, loss)]]), wrt, options);
}

/** `buildBackward` from several values at once. @param seeds the gradient that arrives at each of them, by name */
export function gradientsOf(
  b: GraphBuilder,
  seeds: ReadonlyMap<string, Value>,
  wrt: readonly Value[],
  options: Omit<BackwardOptions, 'seed'> = {},
): (Value | null)[] {
  const rules = options.rules ?? BUILT_IN_RULES;
  const nodes = [...b.graph.nodes];
  const wanted = new Set(wrt.map((value) => value.name));
  const path = pathFrom(b, nodes, wanted, rules);
  const arrived = new Map<string, Value[]>([...seeds].map(([name, seed]) => [name, [seed]]));
  const masks = new MaskNotes();
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const producerOf = (value: Value) => (wanted.has(value.name) ? undefined : makers.get(value.name));

  for (const node of nodes.reverse()) {
    const isReached = node.outputs.some((name) => arrived.has(name));
    if (!isReached || !node.inputs.some((name) => path.has(name))) continue;
    const rule = ruleFor(rules, node);
    if (rule === undefined) throw noRule([node], rules);
    const reason = rule.unsupported(node);
    if (reason !== null) throw unsupportedForm(node, reason);
    refuseExtraOutputs(node, rule, arrived);

    const value = (name: string) => (name === '' ? null : b.value(name));
    const inputs = node.inputs.map(value);
    const wants = node.inputs.map((name) => path.has(name));
    inputs.forEach((input, index) => {
      if (input !== null && wants[index]) checkType(node, input);
    });
    const gradients = atNode(node, () =>
      rule.apply({
        b,
        node,
        producerOf,
        masks,
        choose: options.choose,
        channelBlock: options.channelBlock ?? null,
        inputs,
        outputs: node.outputs.map(value),
        outputGradients: node.outputs.map((name) => {
          const gradient = total(b, arrived, name);
          return gradient === null || rule.narrow ? gradient : expand(b, gradient, dimsOf(b.value(name)));
        }),
        wants,
      }),
    );
    gradients.forEach((gradient, index) => {
      const input = inputs[index];
      if (gradient === null || input === null || input === undefined || !wants[index]) return;
      const received = fitted(b, gradient, { node, rule, input, slot: slotName(rule, index) });
      const list = arrived.get(input.name);
      if (list === undefined) arrived.set(input.name, [received]);
      else list.push(received);
    });
  }
  return wrt.map((value) => {
    const gradient = total(b, arrived, value.name);
    return gradient === null ? null : expand(b, gradient, dimsOf(value));
  });
}

/** Names of the values that depend on `wrt` through floating-point inputs. */
function pathFrom(b: GraphBuilder, nodes: readonly Node[], wrt: ReadonlySet<string>, rules: RuleTable): Set<string> {
  const path = new Set(wrt);
  for (const node of nodes) {
    if (!node.inputs.some((name) => path.has(name))) continue;
    const carriesIntegers = ruleFor(rules, node)?.straightThrough === true;
    for (const name of node.outputs) {
      if (name === '' || b.detached.has(name)) continue;
      if (carriesIntegers || canCarryGradient(b.value(name).dataType)) path.add(name);
    }
  }
  return path;
}

function one(b: GraphBuilder, loss: Value): Value {
  const dims = dimsOf(loss);
  if (sizeOf(dims) !== 1) throw new Error(`internal: the loss "${loss.name}" has the shape [${dims}], not one element`);
  return dims.length === 0 ? b.scalar(1) : filled(b, dims, 1);
}

/** The sum of all gradients that arrived at a value, added up once. */
function total(b: GraphBuilder, arrived: Map<string, Value[]>, name: string): Value | null {
  const list = arrived.get(name);
  if (list === undefined) return null;
  if (list.length > 1) {
    const sum = b.op(list.length === 2 ? 'Add' : 'Sum', list);
    arrived.set(name, [sum]);
    return sum;
  }
  return list[0]!;
}

interface Arrival {
  readonly node: Node;
  readonly rule: GradientRule;
  readonly input: Value;
  readonly slot: string;
}

function fitted(b: GraphBuilder, gradient: Value, { node, rule, input, slot }: Arrival): Value {
  const [got, expected] = [dimsOf(gradient), dimsOf(input)];
  if (isSameShape(got, expected)) return gradient;
  if (rule.narrow && got.length === expected.length && broadcastsTo(got, expected)) return gradient;
  if (rule.broadcasts && broadcastsTo(expected, got)) return sumTo(b, gradient, expected);
  throw new Error(
    `internal: the gradient of ${node.name} (${node.opType}), input ${slot}, has the shape [${got}] instead of [${expected}]`,
  );
}

/** The specification's name of an input of an operator. */
export function slotName(rule: GradientRule, index: number): string {
  return (rule.inputs[Math.min(index, rule.inputs.length - 1)] ?? String(index)).replace(/^\.\.\.|\?$/g, '');
}

function checkType(node: Node, input: Value): void {
  const place = { kind: 'graph', node: node.name, opType: node.opType, tensor: input.name } as const;
  if (input.dataType !== 'float32' && canCarryGradient(input.dataType)) {
    throw new UserError(
      'AUTODIFF_DATA_TYPE',
      `${node.name} (${node.opType}) computes in ${input.dataType} at "${input.name}"; gradients are float32.`,
      'Convert the model to float32 before training it.',
      { place },
    );
  }
  if (!(input.shape?.every((dim) => typeof dim === 'number') ?? false)) throw dynamicShape(input, node);
}

function refuseExtraOutputs(node: Node, rule: GradientRule, arrived: ReadonlyMap<string, Value[]>): void {
  if (rule.outputs.at(-1)?.startsWith('...')) return;
  const extra = node.outputs.slice(rule.outputs.length).find((name) => arrived.has(name));
  if (extra === undefined) return;
  throw new UserError(
    'AUTODIFF_OUTPUT',
    `The loss depends on "${extra}", a secondary output of ${node.name} (${node.opType}) that has no gradient.`,
    'Compute it by operators of its own, or leave it out of the loss.',
    { place: { kind: 'graph', node: node.name, opType: node.opType, tensor: extra } },
  );
}
