import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Value } from '../../../src/onnx/builder.js';
import type { Model } from '../../../src/onnx/ir.js';
import { expectExact, Net } from './support.js';

/** One step of a network: an operator, and numbers that choose what it reads and how wide it is. */
const STEPS = [
  'conv',
  'depthwise',
  'grouped',
  'norm',
  'relu',
  'add',
  'concat',
  'split',
  'slice',
  'gate',
  'scale',
  'pool',
] as const;
const step = fc.record({
  kind: fc.constantFrom(...STEPS),
  from: fc.nat(30),
  other: fc.nat(30),
  width: fc.integer({ min: 2, max: 7 }),
});

/** Images of 6 × 6 throughout, so that any two values can be joined. */
function network(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], flattens: boolean): Model {
  const n = new Net();
  const values = [n.conv('stem', n.input([2, 3, 6, 6]), 6)];
  steps.forEach(({ kind, from, other, width }, i) => {
    const at = (index: number) => values[index % values.length]!;
    const x = at(from);
    const channels = x.shape![1] as number;
    values.push(...made());

    function made(): Value[] {
      switch (kind) {
        case 'conv':
          return [n.conv(`conv${i}`, x, width)];
        case 'depthwise':
          return channels === 1 ? [] : [n.conv(`depth${i}`, x, channels * (1 + (width % 2)), { group: channels })];
        case 'grouped':
          return channels % 2 === 0 ? [n.conv(`grouped${i}`, x, 2 * width, { group: 2 })] : [];
        case 'norm':
          return [n.norm(`norm${i}`, x)];
        case 'relu':
          return [n.relu(x)];
        case 'add': {
          const y = at(other);
          return [n.op('Add', [x, y.shape![1] === channels ? y : n.conv(`fit${i}`, y, channels, {}, 1)])];
        }
        case 'concat':
          return [n.op('Concat', [x, at(other)], { axis: 1 })];
        case 'split':
          return channels < 2 ? [] : n.b.ops('Split', [x, n.b.ints([1, channels - 1])], 2, { axis: 1 });
        case 'slice':
          return channels < 3 ? [] : [n.op('Slice', [x, n.b.ints([1]), n.b.ints([-1]), n.b.ints([1])])];
        case 'gate': {
          const gate = n.conv(`gate${i}`, n.op('GlobalAveragePool', [x]), channels, {}, 1);
          return [n.op('Mul', [n.op('Sigmoid', [gate]), x])];
        }
        case 'scale':
          return [n.op('Mul', [n.constant(`scale${i}`, [channels, 1, 1]), x])];
        case 'pool':
          return [n.op('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })];
      }
    }
  });
  const last = values.at(-1)!;
  const features = flattens ? last : n.op('GlobalAveragePool', [last]);
  return n.done(n.linear('head', n.op('Flatten', [features]), 4));
}

describe('in networks drawn at random', () => {
  it('removing channels that nothing listens to changes no output', { timeout: 60_000 }, async () => {
    const cases = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      fc.string(),
      async (steps, flattens, seed) => {
        const model = network(steps, flattens);
        await expectExact(model, seed);
      },
    );
    // A failure is printed with the seed of fast-check that brings it back.
    await fc.assert(cases, { numRuns: 60 });
  });
});
