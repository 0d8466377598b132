import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { afterAll, repeatGraph } from '../../src/train/repeat-graph.js';

/** Horner's rule: value = value · base + digit; the report is the square of the new value. */
function horner() {
  const b = new GraphBuilder();
  const digit = b.input('digit', 'float32', [1]);
  const base = b.input('base', 'float32', [1]);
  const value = b.input('value', 'float32', [1]);
  const next = b.op('Add', [b.op('Mul', [value, base]), digit]);
  const report = b.output(b.op('Mul', [next, next]));
  b.output(next);
  return repeatGraph(b.build(), {
    carried: [{ input: 'value', output: next.name }],
    perStep: ['digit'],
    collected: [report.name],
  });
}

it('hands the result of each step to the next, and gives the reports of all', async () => {
  const session = await Session.create(horner());
  const [last, reports] = session.outputNames as [string, string];
  expect(last.startsWith(afterAll(''))).toBe(true);
  for (const { digits, value, squares } of [
    { digits: [4, 2, 1], value: 421, squares: [16, 42 ** 2, 421 ** 2] },
    { digits: [7], value: 7, squares: [49] },
  ]) {
    const results = await session.run({
      value: floatFeed(Float32Array.of(0), [1]),
      base: floatFeed(Float32Array.of(10), [1]),
      digit: floatFeed(Float32Array.from(digits), [digits.length, 1]),
    });
    expect([...results[last]!.data]).toEqual([value]);
    expect(results[reports]!.dims).toEqual([digits.length, 1]);
    expect([...results[reports]!.data]).toEqual(squares);
  }
  await session.release();
});
