/**
 * How long it takes to turn a network into a training graph, and how that grows with the number of nodes:
 *
 *   npm run build && npx jiti bench/graph-building.ts [--nodes 1000,10000] [--rounds 3] [--sessions 1000]
 *
 * read: the file is decoded and checked. judge: it is raised to the opset of training, and every node is found to have a gradient.
 * shapes: they are inferred. differentiate: network, loss and the gradients of all weights, in one vector, become one graph. block: its
 * convolutions are rewritten for channel blocks. write: its bytes. All but "first round" are the fastest round; the very first round is
 * that of a program that has just started. session, which is not in the sum: onnxruntime loads the graph, for networks of at most
 * as many nodes as `--sessions` says, since its time grows faster than the nodes.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { appendForward, blockConvolutions, buildBackward, checkDifferentiable } from 'onnx-lathe/autodiff';
import {
  checkModel,
  encodeModel,
  GraphBuilder,
  inferShapes,
  type Model,
  readModel,
  upgradeOpset,
  writeModel,
} from 'onnx-lathe/onnx';
import { Session } from 'onnx-lathe/runtime';
import { crossEntropy, trainableParameters } from 'onnx-lathe/train';
import { concatFlat, flatLayout, splitFlat } from '../src/train/flat.js';
import { DEEP_NETWORKS } from './deep-networks.js';
import { scratchFolder } from './scratch-folder.js';

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000,10000' },
    rounds: { type: 'string', default: '3' },
    sessions: { type: 'string', default: '1000' },
  },
});

const BATCH = 4;
/** As on a CPU with AVX2; whether this one has such kernels does not matter here. */
const BLOCK = 8;
const STEPS = ['read', 'judge', 'shapes', 'differentiate', 'block', 'write'] as const;
type Times = Record<(typeof STEPS)[number] | 'session', number>;

const folder = scratchFolder('graph-building');
for (const [name, network] of Object.entries(DEEP_NETWORKS)) {
  process.stdout.write(`### ${name}\n\n`);
  const columns = ['nodes', 'in the graph', ...STEPS, 'all', 'first round', 'session'];
  process.stdout.write(`| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`);
  for (const nodes of options.nodes.split(',').map(Number)) {
    const model = network.build(nodes);
    const path = join(folder, `${nodes}.onnx`);
    await writeModel(model, path);
    await measure(path, {
      nodes: model.graph.nodes.length,
      inputShape: network.inputShape,
      loads: nodes <= Number(options.sessions),
    });
  }
  process.stdout.write('\n');
}

interface Subject {
  readonly nodes: number;
  readonly inputShape: readonly number[];
  /** Whether onnxruntime loads the graph as well. */
  readonly loads: boolean;
}

async function measure(path: string, { nodes, inputShape, loads }: Subject): Promise<void> {
  const rounds: Times[] = [];
  let size = 0;
  for (let round = 0; round < Number(options.rounds); round++) {
    const { times, built } = await build(path, { inputShape, loads });
    rounds.push(times);
    size = built.graph.nodes.length;
  }
  const total = (times: Times) => STEPS.reduce((sum, step) => sum + times[step], 0);
  const best = rounds.reduce((a, b) => (total(b) < total(a) ? b : a));
  const figures = [...STEPS.map((step) => best[step]), total(best), total(rounds[0]!)];
  const session = loads ? Math.round(best.session) : '–';
  process.stdout.write(`| ${[nodes, size, ...figures.map(Math.round), session].join(' | ')} |\n`);
}

async function build(
  path: string,
  { inputShape, loads }: Omit<Subject, 'nodes'>,
): Promise<{ times: Times; built: Model }> {
  const times: Times = { read: 0, judge: 0, shapes: 0, differentiate: 0, block: 0, write: 0, session: 0 };
  const timed = async <T>(step: keyof Times, action: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await action();
    times[step] = performance.now() - start;
    return result;
  };
  const model = await timed('read', async () => {
    const read = await readModel(path);
    checkModel(read);
    return read;
  });
  const { raised, parameters } = await timed('judge', () => {
    const raised = upgradeOpset(model);
    const parameters = trainableParameters(raised);
    checkDifferentiable(
      raised,
      parameters.map(({ name }) => name),
    );
    return { raised, parameters };
  });
  const inputs = { x: [BATCH, ...inputShape] };
  await timed('shapes', () => inferShapes(raised, { inputs }));
  const b = await timed('differentiate', () => differentiate(raised, parameters, inputs.x));
  await timed('block', () => blockConvolutions(b, BLOCK));
  const built = b.build();
  // Last node first, as training writes its graphs: onnxruntime loads them three times as fast.
  const graph = { ...built.graph, nodes: built.graph.nodes.toReversed() };
  const bytes = await timed('write', () => encodeModel({ ...built, graph }));
  if (loads) {
    const session = await timed('session', () => Session.create(bytes));
    await session.release();
  }
  return { times, built };
}

function differentiate(
  model: Model,
  parameters: ReturnType<typeof trainableParameters>,
  dims: readonly number[],
): GraphBuilder {
  const b = new GraphBuilder({ opset: model.opsets.get('')! });
  const layout = flatLayout(parameters);
  const bindings = splitFlat(b, b.input('parameters', 'float32', [layout.size]), layout);
  const x = b.input('x', 'float32', dims);
  const y = b.input('y', 'int32', [BATCH]);
  const { outputs } = appendForward(b, model, { inputs: { x }, bindings, training: true });
  const target = { kind: 'class', classes: 10 } as const;
  const perSample = crossEntropy()({ b, outputs: [outputs.logits!], x, y, target });
  const loss = b.op('ReduceMean', [perSample], { keepdims: 0 });
  b.output(concatFlat(b, buildBackward(b, loss, [...bindings.values()]), layout));
  return b;
}
