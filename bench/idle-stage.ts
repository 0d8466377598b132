/** A stage for bench/stage-overhead.ts: waits, and makes a model of a few bytes. */
import { setTimeout as wait } from 'node:timers/promises';
import { floatTensor, GraphBuilder } from 'onnx-lathe/onnx';
import { defineStage } from 'onnx-lathe/plugin';

export default defineStage({
  name: 'idle',
  revision: 1,
  summary: 'Waits, and makes a model of a few bytes.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['ms', 'weight'],
    properties: { ms: { type: 'number' }, weight: { type: 'number' } },
  },
  inputs: {},
  outputs: { model: 'model' },
  metrics: {},
  computes: false,
  async run({ options: { ms, weight } }) {
    await wait(ms);
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 1]);
    b.output(b.op('Mul', [x, b.initializer('w', floatTensor([weight], [1]))]), 'y');
    return { model: b.build() };
  },
});
