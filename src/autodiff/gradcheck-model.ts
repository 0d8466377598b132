import { UserError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { type Model, type Node, nodeLabel, type Tensor } from '../onnx/ir.js';
import { slotName } from './backward.js';
import { Chain } from './chain.js';
import { checkDifferentiable } from './check.js';
import { checkInput, type Judgement, skipped } from './check-input.js';
import { NodeAlone } from './node-alone.js';
import { standardForm } from './standard-form.js';
import { BUILT_IN_RULES, type RuleTable, ruleFor } from './table.js';
import { type TracedModel, traceModel } from './traced-model.js';
import { wholeGradients } from './whole-gradients.js';

export interface ModelCheckOptions {
  /** A tensor for every graph input; the batch they hold is the batch that is checked. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Float32 initializers that training would change; where there are none, gradients go to the float32 inputs. */
  readonly parameters: readonly string[];
  readonly rules?: RuleTable;
  /** Batch statistics and dropout, as in training, instead of stored statistics and no dropout. Default false. */
  readonly training?: boolean;
  /** Labels of the nodes to check; then the model as a whole is not. Default: all. */
  readonly nodes?: ReadonlySet<string>;
  /** How often each input of a node is tried. Default 2. */
  readonly probes?: number;
  /** Largest relative error that counts as agreement. Default 0.01. */
  readonly tolerance?: number;
  /** Decides all that is random. Default 1. */
  readonly seed?: string | number;
}

/** What was found for one input of a node. */
export interface NodeInputCheck extends Judgement {
  readonly node: string;
  /** Behind its domain and a dot, where that is not ai.onnx. */
  readonly opType: string;
  /** The input's name in the specification of the operator. */
  readonly input: string;
  readonly tensor: string;
  readonly dims: readonly number[];
}

/** What was found for the gradient of a parameter, or of an input, through the whole model. */
export interface WholeCheck {
  readonly tensor: string;
  readonly dims: readonly number[];
  readonly verdict: 'agrees' | 'differs';
  /** Largest difference from the chain rule, relative to the largest element. */
  readonly error: number;
}

export interface ModelCheck {
  /** An entry for every input that a gradient goes to, node by node. */
  readonly nodes: readonly NodeInputCheck[];
  /** An entry for all that gets a gradient in the end; none where only some nodes were checked. */
  readonly whole: readonly WholeCheck[];
}

/**
 * Checks the gradients of a model in two steps. Each node alone, on the values that reach it in the model, is compared with
 * central differences: that finds a wrong rule and names the node. Then what `buildBackward` gives for the whole model is
 * compared with the gradients of the single nodes, joined by the chain rule: that finds what goes wrong between nodes.
 * All runs on onnxruntime, in float32.
 * Throws AUTODIFF_… for a model that cannot be trained, GRADCHECK_NOTHING where nothing gets a gradient.
 */
export async function checkModelGradients(given: Model, options: ModelCheckOptions): Promise<ModelCheck> {
  const { inputs, training = false, rules = BUILT_IN_RULES, nodes: chosen } = options;
  const random = new Random(options.seed ?? 1);
  const model = standardForm(given);
  const targets = targetsOf(model, options.parameters);
  checkDifferentiable(model, targets, rules);
  const traced = await traceModel(model, { inputs, targets, training, rules, random: random.derive('model') });
  const nodes = traced.nodes.filter((node) => chosen?.has(nodeLabel(node)) !== false);
  if (nodes.length === 0) throw nothing(chosen !== undefined);
  const chain = new Chain(traced.seeds, random.derive('chain'));
  const checks: NodeInputCheck[][] = [];
  // From the last node to the first, as the chain rule goes.
  for (const node of nodes.reverse()) {
    const alone = await NodeAlone.create(partsOf(node, traced, rules));
    try {
      checks.push(await checkNode(node, alone, { traced, rules, random, ...options }));
      if (chosen === undefined) await chain.pass(alone);
    } finally {
      await alone.release();
    }
  }
  const found = checks.reverse().flat();
  if (chosen !== undefined) return { nodes: found, whole: [] };
  const whole = await wholeGradients(traced, rules);
  return {
    nodes: found,
    whole: traced.targets.map(({ name }) => {
      const { agrees, error } = chain.compare(name, whole.get(name) ?? null);
      return { tensor: name, dims: traced.values.get(name)!.dims, verdict: agrees ? 'agrees' : 'differs', error };
    }),
  };
}

function targetsOf({ graph }: Model, parameters: readonly string[]): readonly string[] {
  if (parameters.length > 0) return parameters;
  return graph.inputs.filter(({ dataType }) => dataType === 'float32').map(({ name }) => name);
}

function nothing(areChosen: boolean): UserError {
  const problem = areChosen
    ? 'No gradient flows through the nodes that were chosen: they do not lie between a parameter and an output.'
    : 'No gradient flows through this model: no float32 parameter and no float32 input leads to its outputs.';
  const fix = areChosen ? 'Choose others.' : 'Check the float model that it was made from.';
  return new UserError('GRADCHECK_NOTHING', problem, fix, { class: 'usage' });
}

function partsOf(node: Node, { b, between, values }: TracedModel, rules: RuleTable) {
  const feeds = new Map(node.inputs.filter((name) => name !== '').map((name) => [name, values.get(name)!]));
  const inputs = [...feeds.keys()].filter((name) => between.has(name));
  const outputs = node.outputs
    .filter((name) => between.has(name))
    .map((name) => ({ name, dims: values.get(name)!.dims }));
  return { node, opsets: b.opsets, rules, feeds, inputs, outputs };
}

interface CheckSetup extends ModelCheckOptions {
  readonly traced: TracedModel;
  readonly rules: RuleTable;
  readonly random: Random;
}

async function checkNode(node: Node, alone: NodeAlone, setup: CheckSetup): Promise<NodeInputCheck[]> {
  const { traced, rules, random, probes = 2, tolerance = 0.01 } = setup;
  const rule = ruleFor(rules, node)!;
  const checks: NodeInputCheck[] = [];
  for (const name of new Set(node.inputs)) {
    if (!traced.between.has(name)) continue;
    const input = traced.values.get(name)!;
    const why = rule.straightThrough ? ESTIMATE : input.dataType === 'float32' ? '' : WHOLE_NUMBERS;
    const tries = { input, name, probes, tolerance, random: random.derive(nodeLabel(node)).derive(name) };
    checks.push({
      node: nodeLabel(node),
      opType: node.domain === '' ? node.opType : `${node.domain}.${node.opType}`,
      input: slotName(rule, node.inputs.indexOf(name)),
      tensor: name,
      dims: input.dims,
      ...(why === '' ? await checkInput(alone, tries) : skipped(why)),
    });
  }
  return checks;
}

const ESTIMATE = 'rounding has no slope: its gradient is an estimate on purpose';
const WHOLE_NUMBERS = 'whole numbers cannot be moved by a small step';
