import { describe, expect, test } from 'vitest';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { inferShapes } from '../../src/onnx/infer.js';
import type { Dim } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';

/** The shape that a builder infers for an expression over an input of this shape. */
function shapeOf(shape: readonly Dim[], build: (b: GraphBuilder, x: Value) => Value): readonly Dim[] | null {
  const b = new GraphBuilder();
  return build(b, b.input('x', 'float32', shape)).shape;
}

describe('symbolic dimensions', () => {
  test('a batch passes through a convolutional network', () => {
    const shape = shapeOf(['N', 3, 8, 8], (b, x) => {
      const w = b.initializer('w', floatTensor(new Float32Array(4 * 3 * 9), [4, 3, 3, 3]));
      const fc = b.initializer('fc', floatTensor(new Float32Array(64 * 5), [64, 5]));
      const conv = b.op('Relu', [b.op('Conv', [x, w], { pads: [1, 1, 1, 1] })]);
      const pool = b.op('MaxPool', [conv], { kernel_shape: [2, 2], strides: [2, 2] });
      return b.op('Gemm', [b.op('Flatten', [pool]), fc]);
    });
    expect(shape).toEqual(['N', 5]);
  });

  test('a size that a padded convolution keeps stays symbolic, another becomes unknown', () => {
    const conv = (pads: number[]) => (b: GraphBuilder, x: Value) =>
      b.op('Conv', [x, b.initializer('w', floatTensor(new Float32Array(9), [1, 1, 3, 3]))], { pads });
    expect(shapeOf([1, 1, 'H', 'W'], conv([1, 1, 1, 1]))).toEqual([1, 1, 'H', 'W']);
    expect(shapeOf([1, 1, 'H', 'W'], conv([1, 0, 1, 0]))).toEqual([1, 1, 'H', null]);
  });

  test('Reshape to what Shape says keeps the batch, as PyTorch writes view(x.size(0), -1)', () => {
    const shape = shapeOf(['N', 4, 2, 2], (b, x) => {
      const batch = b.op('Gather', [
        b.op('Shape', [x]),
        b.constant({ dataType: 'int64', dims: [], bytes: new Uint8Array(8) }),
      ]);
      const target = b.op('Concat', [b.op('Unsqueeze', [batch, b.ints([0])]), b.ints([-1])], { axis: 0 });
      return b.op('Reshape', [x, target]);
    });
    expect(shape).toEqual(['N', 16]);
  });

  test('Reshape cancels symbols: [N, T, 8] as [-1, 8] and back', () => {
    expect(shapeOf(['N', 'T', 8], (b, x) => b.op('Reshape', [x, b.ints([0, 0, 2, -1])]))).toEqual(['N', 'T', 2, 4]);
    expect(shapeOf(['N', 4], (b, x) => b.op('Reshape', [x, b.ints([-1, 2, 2])]))).toEqual(['N', 2, 2]);
    expect(shapeOf(['N', 'T', 8], (b, x) => b.op('Reshape', [x, b.ints([-1, 8])]))).toEqual([null, 8]);
  });

  test('sizes that are computed from Shape reach Resize, Expand and Slice', () => {
    expect(
      shapeOf([1, 2, 5, 7], (b, x) => {
        const spatial = b.op('Slice', [b.op('Shape', [x]), b.ints([2]), b.ints([4]), b.ints([0])]);
        const twice = b.op(
          'Cast',
          [b.op('Floor', [b.op('Mul', [b.op('Cast', [spatial], { to: 1 }), b.scalar(1.5)])])],
          { to: 7 },
        );
        const head = b.op('Slice', [b.op('Shape', [x]), b.ints([0]), b.ints([2]), b.ints([0])]);
        return b.op('Resize', [x, null, null, b.op('Concat', [head, twice], { axis: 0 })]);
      }),
    ).toEqual([1, 2, 7, 10]);
    expect(
      shapeOf([3, 1], (b, x) => b.op('Expand', [x, b.op('Shape', [b.op('ConstantOfShape', [b.ints([3, 6])])])])),
    ).toEqual([3, 6]);
  });

  test("PyTorch's expand: Where(shape == -1, 1, shape)", () => {
    const shape = shapeOf(['N', 1], (b, x) => {
      const size = b.op('Concat', [b.op('Shape', [x], { end: 1 }), b.ints([6])], { axis: 0 });
      const ones = b.op('ConstantOfShape', [b.op('Shape', [size])], {
        value: {
          type: 'tensor',
          value: { dataType: 'int64', dims: [1], bytes: new Uint8Array(BigInt64Array.of(1n).buffer) },
        },
      });
      const minus = b.op('Mul', [ones, b.ints([-1])]);
      return b.op('Expand', [x, b.op('Where', [b.op('Equal', [size, minus]), ones, size])]);
    });
    expect(shape).toEqual(['N', 6]);
  });

  test("TensorFlow's paddings: a constant matrix, transposed, flattened, split and joined", () => {
    const shape = shapeOf([1, 2, 5, 7], (b, x) => {
      const matrix = b.constant({
        dataType: 'int32',
        dims: [4, 2],
        bytes: new Uint8Array(Int32Array.of(0, 0, 0, 0, 1, 2, 3, 4).buffer),
      });
      const flat = b.op('Reshape', [b.op('Transpose', [b.op('Cast', [matrix], { to: 7 })]), b.ints([-1])]);
      const halves = b.ops('Split', [flat], 2, { num_outputs: 2 });
      return b.op('Pad', [x, b.op('Concat', halves, { axis: 0 })]);
    });
    expect(shape).toEqual([1, 2, 8, 14]);
  });

  test('broadcasting keeps what is sure', () => {
    const add = (a: Dim[], c: Dim[]) => {
      const b = new GraphBuilder();
      return b.op('Add', [b.input('a', 'float32', a), b.input('b', 'float32', c)]).shape;
    };
    expect(add(['N', 3], [3])).toEqual(['N', 3]);
    expect(add(['N', 1], ['N', 'C'])).toEqual(['N', 'C']);
    expect(add(['N'], [4])).toEqual([4]);
    expect(add(['N'], ['M'])).toEqual([null]);
    expect(add([null], [4])).toEqual([4]);
  });
});

describe('inferShapes', () => {
  const model = () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 4]);
    const w = b.initializer('w', floatTensor(new Float32Array(8), [4, 2]));
    b.output(b.op('Relu', [b.op('MatMul', [x, w], {}, { outputs: ['h'] })], {}, { outputs: ['y'] }));
    return b.build();
  };

  test('gives the types of inputs, initializers and all results', () => {
    expect(Object.fromEntries(inferShapes(model()))).toEqual({
      x: { dataType: 'float32', shape: ['N', 4] },
      w: { dataType: 'float32', shape: [4, 2] },
      h: { dataType: 'float32', shape: ['N', 2] },
      y: { dataType: 'float32', shape: ['N', 2] },
    });
  });

  test('a given input shape replaces the declared one everywhere', () => {
    const types = inferShapes(model(), { inputs: { x: [32, 4] } });
    expect(types.get('h')!.shape).toEqual([32, 2]);
    expect(types.get('y')!.shape).toEqual([32, 2]);
  });

  test('what an unknown operator gives out is taken from its declaration', () => {
    const unknown = model();
    Object.assign(unknown.graph.nodes[1]!, { opType: 'Special', domain: 'com.example' });
    expect(inferShapes(unknown).get('y')).toEqual({ dataType: 'float32', shape: ['N', 2] });
    expect(inferShapes(unknown, { inputs: { x: [2, 4] } }).get('y')).toEqual({ dataType: 'float32', shape: null });
  });

  test('an If gives what both branches agree on', () => {
    const branch = (rows: number) => {
      const b = new GraphBuilder();
      b.output(b.initializer('r', floatTensor(new Float32Array(rows * 2), [rows, 2])));
      return b.graph;
    };
    const b = new GraphBuilder();
    const y = b.op('If', [b.input('c', 'bool', [])], {
      then_branch: { type: 'graph', value: branch(1) },
      else_branch: { type: 'graph', value: branch(3) },
    });
    b.output(y, 'y');
    expect(inferShapes(b.build()).get('y')).toEqual({ dataType: 'float32', shape: [null, 2] });
  });

  test('a contradiction names the node and both shapes', () => {
    const wrong = model();
    wrong.graph.initializers.set('w', floatTensor(new Float32Array(6), [3, 2]));
    wrong.graph.nodes[0]!.name = 'fc';
    expect(() => inferShapes(wrong)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The node "fc" (MatMul) multiplies [N, 4] by [3, 2]: the inner sizes 4 and 3 differ. Check the graph, or the input shapes that it was given.]`,
    );
  });

  test.each([
    ['Add', [2, 3], [2, 4], 'cannot broadcast [2, 3] with [2, 4]'],
    ['Concat', [2, 3], [3, 4], 'joins [2, 3] and [3, 4] along axis 1'],
    ['Conv', [1, 3, 8, 8], [4, 2, 3, 3], 'takes 2 channels'],
  ])('%s of %j and %j is refused', (op, a, c, message) => {
    const b = new GraphBuilder();
    expect(() =>
      b.op(op, [b.input('a', 'float32', a), b.input('b', 'float32', c)], op === 'Concat' ? { axis: 1 } : {}),
    ).toThrow(message);
  });

  test('a graph of 5,000 nodes is built and inferred in the time that it takes to walk it', () => {
    const b = new GraphBuilder();
    let value = b.input('x', 'float32', [8, 16, 16, 16]);
    for (let i = 0; i < 5000; i++) value = b.op('Add', [value, value]);
    b.output(value, 'y');
    expect(inferShapes(b.build()).get('y')!.shape).toEqual([8, 16, 16, 16]);
  });
});
