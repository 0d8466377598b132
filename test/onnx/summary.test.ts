import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { summarizeModel } from '../../src/onnx/summary.js';
import { floatTensor, int64Tensor } from '../../src/onnx/tensor.js';

function model(): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 4]);
  const w = b.initializer('w', floatTensor(new Float32Array(16), [4, 4]));
  const twice = b.op('MatMul', [b.op('MatMul', [x, w], {}, { name: 'first' }), w], {}, { name: 'second' });
  const shape = b.initializer('shape', int64Tensor([-1, 2, 2]));
  b.output(b.op('Reshape', [twice, shape], {}, { name: 'reshape', outputs: ['y'] }));
  return b.build();
}

test('a summary is plain data: the whole of it', () => {
  const summary = summarizeModel(model());
  expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  expect({
    ...summary,
    nodes: summary.nodes.map(({ name, outputs }) => [name, outputs[0]!.shape]),
  }).toMatchInlineSnapshot(`
    {
      "initializers": {
        "byType": {
          "float32": {
            "bytes": 64,
            "count": 1,
            "elements": 16,
          },
          "int64": {
            "bytes": 24,
            "count": 1,
            "elements": 3,
          },
        },
        "bytes": 88,
        "count": 2,
        "elements": 19,
      },
      "inputs": [
        {
          "dataType": "float32",
          "name": "x",
          "shape": [
            "N",
            4,
          ],
        },
      ],
      "irVersion": 8,
      "metadata": {},
      "nodes": [
        [
          "first",
          [
            "N",
            4,
          ],
        ],
        [
          "second",
          [
            "N",
            4,
          ],
        ],
        [
          "reshape",
          [
            "N",
            2,
            2,
          ],
        ],
      ],
      "operators": {
        "MatMul": 2,
        "Reshape": 1,
      },
      "opsets": {
        "ai.onnx": 18,
      },
      "outputs": [
        {
          "dataType": "float32",
          "name": "y",
          "shape": [
            "N",
            2,
            2,
          ],
        },
      ],
      "producer": "onnx-lathe",
      "shapeProblem": null,
    }
  `);
});

test('a contradiction in the graph is told and the rest is shown', () => {
  const wrong = model();
  wrong.graph.initializers.set('w', floatTensor(new Float32Array(15), [5, 3]));
  wrong.graph.valueInfo.clear();
  const summary = summarizeModel(wrong);
  expect(summary.shapeProblem).toContain(
    '"first" (MatMul) multiplies [N, 4] by [5, 3]: the inner sizes 4 and 5 differ',
  );
  expect(summary.nodes[0]!.inputs[1]).toEqual({ name: 'w', dataType: 'float32', shape: [5, 3] });
});
