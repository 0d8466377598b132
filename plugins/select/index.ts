import { defineStage, UserError } from 'onnx-lathe/plugin';
import { options } from './options.js';

export default defineStage({
  name: 'select',
  revision: 1,
  summary: 'Chooses one of the models of a sweep, by one metric or as a compromise between several.',
  options,
  inputs: {},
  outputs: { model: { chosen: true } },
  metrics: {
    chosen: { unit: '' },
    candidates: { unit: 'count' },
    front: { unit: '' },
  },
  collects: true,
  computes: false,
  check({ options: { maximize = [], minimize = [] } }) {
    const named = [maximize, minimize].flat();
    if (named.length === 0) {
      throw new UserError('SELECT_OBJECTIVE', 'Nothing says which cell is the best.', 'Give "maximize" or "minimize".');
    }
    const twice = named.find((metric, index) => named.indexOf(metric) !== index);
    if (twice === undefined) return;
    const problem = `"${twice}" cannot be maximized and minimized.`;
    throw new UserError('SELECT_OBJECTIVE', problem, 'Keep one.', { option: ['minimize'] });
  },
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
