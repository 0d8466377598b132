import { describe, expect, it } from 'vitest';
import type { Checkpoint, CheckpointParts } from '../../src/core/checkpoint.js';
import { Random } from '../../src/core/random.js';
import { adam, crossEntropy, type TrainRequest, type TrainResult, train } from '../../src/train/index.js';
import { halvesDataset, networkFor, weightsDigest } from './rig.js';

const LAYERS = [{ conv: { filters: 4, kernel: 3 } }, 'batchnorm', 'relu', { dropout: 0.4 }, { linear: 2 }];
/** 3 epochs of 6 steps. */
const STEPS = 18;

/** Batch normalization, dropout, Adam, validation and masks: every piece of state that a run can have. */
async function request(changes: Partial<TrainRequest> = {}): Promise<TrainRequest> {
  const data = halvesDataset(48, 24);
  const model = await networkFor(data, LAYERS);
  const [name, weight] = [...model.graph.initializers].find(([, { dims }]) => dims.length === 4)!;
  const mask = Uint8Array.from({ length: weight.bytes.length / 4 }, (_, i) => (i % 5 === 0 ? 0 : 1));
  return {
    model,
    data,
    loss: crossEntropy(),
    optimizer: adam({ lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }),
    length: { epochs: 3 },
    batch: 8,
    masks: new Map([[name, mask]]),
    random: new Random(3),
    now: () => 0,
    ...changes,
  };
}

/** A checkpoint in memory; `saved` holds copies. */
function memory(everySteps: number): Checkpoint & { saved: CheckpointParts | null } {
  let steps = 0;
  return {
    saved: null,
    async load() {
      return this.saved;
    },
    due: () => ++steps % everySteps === 0,
    async save(fetch) {
      this.saved = new Map([...(await fetch())].map(([name, bytes]) => [name, bytes.slice()]));
    },
  };
}

class Killed extends Error {}

/** Runs until a step and throws there, as far as the run can tell like SIGKILL: it is given no chance to save. */
async function runAndKill(killed: TrainRequest, step: number): Promise<void> {
  const onStep = (state: Parameters<NonNullable<TrainRequest['onStep']>>[0]) => {
    if (state.step === step) throw new Killed();
    return killed.onStep?.(state);
  };
  await expect(train({ ...killed, onStep })).rejects.toThrow(Killed);
}

function outcome({ model, history, curve, kept, steps }: TrainResult) {
  return { weights: weightsDigest(model), history, curve, kept, steps };
}

describe('a run that was killed', () => {
  it.each([1, 2])('ends with the bits of an undisturbed one, wherever it was killed: %i shards', async (shards) => {
    const undisturbed = outcome(await train(await request({ shards })));
    // The steps around the ends of epochs, at 6 and 12, are the delicate ones.
    for (const [step, every] of [
      [2, 3],
      [4, 3],
      [7, 6],
      [8, 7],
      [13, 4],
      [STEPS, 17],
    ] as const) {
      const checkpoint = memory(every);
      await runAndKill(await request({ shards, checkpoint }), step);
      const resumed: number[] = [];
      const onResume = (at: { readonly step: number }) => void resumed.push(at.step);
      expect(outcome(await train(await request({ shards, checkpoint, onResume })))).toEqual(undisturbed);
      expect(resumed).toEqual(step > every ? [Math.floor((step - 1) / every) * every] : []);
    }
  });

  it.each([1, 2])('with averages, accumulated, mixed and weighted batches: %i shards', async (shards) => {
    const choices: Partial<TrainRequest> = {
      shards,
      batch: 4,
      accumulate: 2,
      augment: { shift: 1, mixup: 0.2 },
      classWeights: 'balanced',
      clipNorm: 0.5,
      average: { decay: 0.9, warmup: true },
    };
    const undisturbed = outcome(await train(await request(choices)));
    for (const step of [4, 6, 9]) {
      const checkpoint = memory(1);
      await runAndKill(await request({ ...choices, checkpoint }), step);
      expect(outcome(await train(await request({ ...choices, checkpoint })))).toEqual(undisturbed);
    }
  });

  it('may be killed again and again', async () => {
    const undisturbed = outcome(await train(await request()));
    const checkpoint = memory(1);
    for (const step of [3, 6, 7, 12, 13, 17]) await runAndKill(await request({ checkpoint }), step);
    expect(outcome(await train(await request({ checkpoint })))).toEqual(undisturbed);
  });

  it('goes on with the masks that it had come to', async () => {
    const drop = async (state: Parameters<NonNullable<TrainRequest['onStep']>>[0]) => {
      if (state.step !== 5) return;
      const masks = [...(await state.readWeights())].map(([name, weights]): [string, Uint8Array] => [
        name,
        Uint8Array.from(weights, (weight) => (Math.abs(weight) < 0.05 ? 0 : 1)),
      ]);
      await state.setMasks(new Map(masks));
    };
    const undisturbed = outcome(await train(await request({ onStep: drop })));
    const checkpoint = memory(1);
    await runAndKill(await request({ onStep: drop, checkpoint }), 8);
    expect(outcome(await train(await request({ onStep: drop, checkpoint })))).toEqual(undisturbed);
  });

  it('ends at once if its last checkpoint had reached the target', async () => {
    const stopAt = { accuracy: 0.01 };
    const undisturbed = await train(await request({ stopAt }));
    expect(undisturbed.steps).toBe(6);
    const checkpoint = memory(6);
    const onEpoch = () => {
      throw new Killed();
    };
    await expect(train(await request({ stopAt, checkpoint, onEpoch }))).rejects.toThrow(Killed);
    expect(outcome(await train(await request({ stopAt, checkpoint })))).toEqual(outcome(undisturbed));
  });
});

describe('an interrupted run', () => {
  it('saves the step that it has come to before it stops', async () => {
    const undisturbed = outcome(await train(await request()));
    const checkpoint = memory(1000);
    const controller = new AbortController();
    const onStep = ({ step }: { readonly step: number }) => {
      if (step === 11) controller.abort(new Killed());
    };
    await expect(train(await request({ checkpoint, onStep, signal: controller.signal }))).rejects.toThrow(Killed);
    let from = 0;
    const onResume = ({ step }: { readonly step: number }) => {
      from = step;
    };
    expect(outcome(await train(await request({ checkpoint, onResume })))).toEqual(undisturbed);
    expect(from).toBe(11);
  });

  it('saves a state before its epoch ended if it is stopped while it validates', async () => {
    const undisturbed = outcome(await train(await request()));
    const checkpoint = memory(1000);
    const controller = new AbortController();
    const data = halvesDataset(48, 24);
    const validation = {
      count: 24,
      read(...[indices, x, y]: Parameters<typeof data.train.read>) {
        controller.abort(new Killed());
        return data.validation!.read(indices, x, y);
      },
    };
    const stopped = await request({ checkpoint, signal: controller.signal, data: { ...data, validation } });
    await expect(train(stopped)).rejects.toThrow(Killed);
    expect(outcome(await train(await request({ checkpoint })))).toEqual(undisturbed);
  });
});

it('tells how many steps were made, where several are made in one run', async () => {
  const counts: number[] = [];
  const due = (steps = 1) => {
    counts.push(steps);
    return false;
  };
  const data = halvesDataset(48, 24);
  const model = await networkFor(data, [{ linear: 8 }, 'relu', { linear: 2 }]);
  await train({
    ...(await request({ checkpoint: { load: async () => null, due, save: async () => {} } })),
    model,
    data,
    masks: new Map(),
  });
  expect(counts.length).toBeLessThan(STEPS);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(STEPS);
});

it('a checkpoint of another run is not used', async () => {
  const checkpoint = memory(5);
  await runAndKill(await request({ checkpoint }), 9);
  const others: Partial<TrainRequest>[] = [{ random: new Random(4) }, { shards: 2 }, { batch: 12 }];
  for (const other of others) {
    const fresh = outcome(await train(await request(other)));
    expect(outcome(await train(await request({ ...other, checkpoint: { ...checkpoint, due: () => false } })))).toEqual(
      fresh,
    );
  }
});

describe('a checkpoint that says to be of this run and cannot be', () => {
  type Facts = { step: number; history: { step: number }[]; kept: unknown; curve: { loss: number[] } };
  const facts = (change: (facts: Facts) => void) => (parts: Map<string, Uint8Array>) => {
    const value = JSON.parse(Buffer.from(parts.get('train.json')!).toString()) as Facts;
    change(value);
    parts.set('train.json', Buffer.from(JSON.stringify(value)));
  };
  const shorter = (name: string) => (parts: Map<string, Uint8Array>) =>
    void parts.set(name, parts.get(name)!.subarray(0, -4));
  it.each<[what: string, change: (parts: Map<string, Uint8Array>) => void]>([
    ['lacks the weights', (parts) => parts.delete('parameters')],
    ["lacks a part of the optimizer's state", (parts) => parts.delete('slot 1')],
    ['lacks its masks', (parts) => parts.delete('keep')],
    ['has weights of another network', shorter('parameters')],
    ['has a state of another size', shorter('slot 0')],
    ['has other statistics', shorter('statistics')],
    ['has other weights that are kept', shorter('kept parameters')],
    ['has bytes that are no floats', (parts) => parts.set('kept statistics', new Uint8Array(3))],
    ['is no JSON', (parts) => parts.set('train.json', Buffer.from('{'))],
    ['is other JSON', (parts) => parts.set('train.json', Buffer.from('[]'))],
    ['has made more steps than there are', facts((value) => (value.step = STEPS + 1))],
    ['has made no whole number of steps', facts((value) => (value.step = 8.5))],
    ['has made steps that no epoch counts', facts((value) => (value.step = 11))],
    ['has judged too many epochs', facts((value) => value.history.push(value.history[0]!))],
    ['has judged none', facts((value) => (value.history = []))],
    ['has judged one at another step', facts((value) => (value.history[0]!.step = 5))],
    ['keeps no weights', facts((value) => (value.kept = null))],
    ['has a curve with holes', facts((value) => value.curve.loss.pop())],
  ])('is told of, once, and not used: it %s', async (_, change) => {
    const checkpoint = memory(8);
    await runAndKill(await request({ checkpoint }), 9);
    const parts = new Map(checkpoint.saved!);
    change(parts);
    let damages = 0;
    const resumed: number[] = [];
    const result = await train(
      await request({
        length: { epochs: 3 },
        checkpoint: { load: async () => parts, due: () => false, save: async () => {} },
        onDamage: () => damages++,
        onResume: ({ step }) => void resumed.push(step),
      }),
    );
    expect({ damages, resumed }).toEqual({ damages: 1, resumed: [] });
    expect(result.history.map(({ step }) => step)).toEqual([6, 12, 18]);
  });
});
