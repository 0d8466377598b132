import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import type { WeightAverage } from '../../src/train/average.js';
import { flatLayout } from '../../src/train/flat.js';
import type { Optimizer } from '../../src/train/optimizers/index.js';
import type { L1Regularizer } from '../../src/train/regularizer.js';
import { appendUpdate, hyperNames, hyperValues, slotNames as slotNamesOf, splitHyper } from '../../src/train/update.js';

export interface UpdateRun {
  readonly weights: readonly number[];
  readonly biases?: readonly number[];
  readonly optimizer: Optimizer;
  readonly regularizer?: L1Regularizer;
  readonly keep?: readonly number[];
  readonly clipNorm?: number;
  readonly average?: WeightAverage;
  /** By name: w, b. */
  readonly learningRateScale?: ReadonlyMap<string, number>;
  readonly weightDecay?: ReadonlyMap<string, number>;
  readonly steps: number;
  /** The gradients of a step, one per shard; the weights come first, then the biases. */
  readonly gradients: (step: number, parameters: Float32Array) => readonly (readonly number[])[];
  readonly shards?: number;
}

export interface UpdateState {
  readonly parameters: Float32Array;
  readonly slots: readonly Float32Array[];
}

/** Runs the update graph by itself for some steps: the state after each. */
export async function runUpdates(run: UpdateRun): Promise<UpdateState[]> {
  const { weights, biases = [], optimizer, shards = 1 } = run;
  const layout = flatLayout(
    [
      { name: 'w', dims: [weights.length] },
      { name: 'b', dims: [biases.length] },
    ].filter(({ dims }) => dims[0]! > 0),
  );
  const n = layout.size;
  const average = run.average ?? null;
  const slotNames = slotNamesOf({ optimizer, average });
  const b = new GraphBuilder();
  const indices = Array.from({ length: shards }, (_, i) => i);
  const { parameters, slots } = appendUpdate(
    b,
    {
      layout,
      roles: new Map([
        ['w', 'weight'],
        ['b', 'bias'],
      ] as const),
      optimizer,
      regularizer: run.regularizer ?? null,
      learningRateScale: run.learningRateScale ?? new Map(),
      weightDecay: run.weightDecay ?? new Map(),
      clipNorm: run.clipNorm ?? null,
      average,
      isMasked: run.keep !== undefined,
    },
    {
      parameters: b.input('p', 'float32', [n]),
      slots: slotNames.map((name) => b.input(name, 'float32', [n])),
      gradients: indices.map((i) => b.input(`g${i}`, 'float32', [n])),
      hyper: splitHyper(b, b.input('hyper', 'float32', [hyperNames({ optimizer, average }).length])),
      keep: run.keep === undefined ? null : b.input('keep', 'bool', [n]),
    },
  );
  b.output(parameters, 'next');
  for (const [i, slot] of slots.entries()) b.output(slot, `next.${i}`);
  const session = await Session.create(b.build());
  const states: UpdateState[] = [];
  let state: UpdateState = {
    parameters: Float32Array.from([...weights, ...biases]),
    slots: slotNames.map(() => new Float32Array(n)),
  };
  for (let step = 0; step < run.steps; step++) {
    const hyper = hyperValues({ optimizer, average }, step + 1, optimizer.learningRate);
    const gradients = run.gradients(step, state.parameters);
    const outputs = await session.run({
      p: floatFeed(state.parameters, [n]),
      ...Object.fromEntries(slotNames.map((name, i) => [name, floatFeed(state.slots[i]!, [n])])),
      ...Object.fromEntries(indices.map((i) => [`g${i}`, floatFeed(Float32Array.from(gradients[i]!), [n])])),
      hyper: floatFeed(hyper, [hyper.length]),
      ...(run.keep === undefined ? {} : { keep: { dataType: 'bool', dims: [n], data: Uint8Array.from(run.keep) } }),
    });
    state = {
      parameters: outputs.next!.data as Float32Array,
      slots: slotNames.map((_, i) => outputs[`next.${i}`]!.data as Float32Array),
    };
    states.push(state);
  }
  await session.release();
  return states;
}
