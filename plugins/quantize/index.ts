import { defineStage, UserError } from 'onnx-lathe/plugin';
import { options } from './options.js';

export default defineStage({
  name: 'quantize',
  revision: 1,
  summary: 'Turns float weights, and with method static or dynamic the computation, into 8-bit integers.',
  options,
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: {
    quantizedTensors: { unit: 'count', better: 'higher' },
    scales: { unit: '' },
    floatTensors: { unit: '' },
    maxAbsDiff: { unit: '', better: 'lower' },
  },
  computes: true,
  check({ options }) {
    const { method, scheme, center, convolutions, calibrate } = options;
    if (method === 'static' && calibrate === undefined) {
      throw contradiction('method: static needs samples', 'Add calibrate: { data: … }, or use method: dynamic.');
    }
    if (method !== 'static' && calibrate !== undefined) {
      throw contradiction(`method: ${method} takes no calibrate`, 'Remove it, or use method: static.');
    }
    if (method !== 'weights' && scheme === 'affine-uint8') {
      throw contradiction(
        `scheme: affine-uint8 belongs to method: weights, not to ${method}`,
        'Integer arithmetic uses symmetric int8 weights: remove scheme, or use method: weights.',
      );
    }
    if (scheme !== 'affine-uint8' && center === 'mean') {
      throw contradiction('center: mean has no meaning for symmetric weights', 'Add scheme: affine-uint8.');
    }
    if (method !== 'dynamic' && convolutions) {
      throw contradiction(`convolutions belongs to method: dynamic, not to ${method}`, 'Remove it.');
    }
  },
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});

function contradiction(problem: string, fix: string): UserError {
  return new UserError('QUANTIZE_OPTIONS', `${problem}.`, fix);
}
