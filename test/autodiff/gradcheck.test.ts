import { describe, expect, it } from 'vitest';
import { BUILT_IN_RULES, checkGradients, defineGradient, extendRules } from '../../src/autodiff/index.js';

describe('checkGradients', () => {
  const x = { dims: [3], data: Float32Array.of(0.5, -1, 2) };

  it('finds nothing wrong with a right rule', async () => {
    const [check] = await checkGradients({ inputs: { x }, build: (b, values) => b.op('Sin', [values.x!]) });
    expect(check!.error).toBeLessThan(1e-4);
  });

  it('points at the element where a wrong rule is worst', async () => {
    const wrong = defineGradient({
      opType: 'Sin',
      inputs: ['input'],
      outputs: ['output'],
      // Right only where cos(x) = 1 − x² / 2.
      gradient: ({ b, input, dOutput }) => {
        const series = b.op('Sub', [b.scalar(1), b.op('Mul', [b.op('Mul', [input, input]), b.scalar(0.5)])]);
        return { input: b.op('Mul', [dOutput, series]) };
      },
    });
    const [check] = await checkGradients(
      { inputs: { x }, build: (b, values) => b.op('Sin', [values.x!]) },
      { rules: extendRules(BUILT_IN_RULES, [wrong]) },
    );
    expect(check).toMatchObject({ input: 'x', index: 2 });
    expect(check!.backward / check!.difference).toBeCloseTo(-1 / Math.cos(2), 2);
  });

  it('takes a missing gradient as zero', async () => {
    const none = defineGradient({
      opType: 'Sin',
      inputs: ['input'],
      outputs: ['output'],
      gradient: () => ({ input: null }),
    });
    const [check] = await checkGradients(
      { inputs: { x }, build: (b, values) => b.op('Sin', [values.x!]) },
      { rules: extendRules(BUILT_IN_RULES, [none]) },
    );
    expect(check).toMatchObject({ error: 1, backward: 0 });
  });
});
