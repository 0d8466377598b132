import type { Graph, Model, ValueInfo } from '../onnx/ir.js';

export interface RepeatCall {
  /** What one step hands to the next: an input, and the output that takes its place. */
  readonly carried: readonly { readonly input: string; readonly output: string }[];
  /** Inputs that every step has its own of: those of the result have a first axis of steps. */
  readonly perStep: readonly string[];
  /** Outputs of which all steps' come back, along a first axis. */
  readonly collected: readonly string[];
}

/** The name of the repeated graph's output that stands for one of a single step. */
export function afterAll(output: string): string {
  return `all:${output}`;
}

/**
 * A model that runs another one over and over, as an ONNX Scan: once for each entry of the inputs `perStep`. Scan neither copies
 * what it hands to a step nor what a step hands to the next. Other inputs are the same for all steps.
 * @param once changed: its inputs get other names, since names must be unique in a graph and all that is inside it
 */
export function repeatGraph(once: Model, { carried, perStep, collected }: RepeatCall): Model {
  const body = once.graph;
  const inside = [...carried.map(({ input }) => input), ...perStep];
  const inputs = new Map(body.inputs.map((info) => [info.name, info]));
  const outputs = new Map(body.outputs.map((info) => [info.name, info]));
  const shared = body.inputs.filter(({ name }) => !inside.includes(name));
  const collectedInfos = collected.map((name) => withSteps(outputs.get(name)!));
  const results = [...carried.map(({ output }) => outputs.get(output)!), ...collectedInfos].map((info) => ({
    ...info,
    name: afterAll(info.name),
  }));
  const state = carried.map(({ input }) => inputs.get(input)!);
  const graph: Graph = {
    name: `${body.name}s`,
    nodes: [
      {
        name: 'steps',
        opType: 'Scan',
        domain: '',
        inputs: inside,
        outputs: results.map(({ name }) => name),
        attributes: new Map([
          ['body', { type: 'graph', value: body }],
          ['num_scan_inputs', { type: 'int', value: perStep.length }],
        ]),
      },
    ],
    inputs: [...state, ...perStep.map((name) => withSteps(inputs.get(name)!)), ...shared],
    outputs: results,
    initializers: new Map(),
    valueInfo: new Map(),
  };
  renameInputs(body, inside);
  // A Scan takes and gives by position.
  body.outputs = [...carried.map(({ output }) => outputs.get(output)!), ...collected.map((name) => outputs.get(name)!)];
  return { ...once, graph };
}

function withSteps(info: ValueInfo): ValueInfo {
  return { ...info, shape: ['steps', ...(info.shape ?? [])] };
}

/** Gives the inputs other names, and this order. */
function renameInputs(body: Graph, names: readonly string[]): void {
  const renamed = new Map(names.map((name) => [name, `each:${name}`]));
  for (const node of body.nodes) node.inputs = node.inputs.map((name) => renamed.get(name) ?? name);
  const infos = new Map(body.inputs.map((info) => [info.name, info]));
  body.inputs = names.map((name) => ({ ...infos.get(name)!, name: renamed.get(name)! }));
}
