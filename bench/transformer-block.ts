import { floatTensor, GraphBuilder, type Model, sizeOf, type Value } from 'onnx-lathe/onnx';
import type { Random } from 'onnx-lathe/plugin';

const WIDTH = 128;
const HEADS = 4;
const TOKENS = 64;
const CLASSES = 10;

/** Shape of one sample: its tokens, embedded already. */
export const TRANSFORMER_INPUT = [TOKENS, WIDTH] as const;

/** One pre-norm transformer block with attention over all tokens, the mean of its tokens, and a linear classifier. */
export function transformerBlock(random: Random): Model {
  const b = new GraphBuilder({ name: 'transformer-block', opset: 20 });
  const x = b.input('input', 'float32', ['batch', TOKENS, WIDTH]);
  const weight = (name: string, dims: readonly number[]): Value => {
    const limit = 1 / Math.sqrt(dims[0]!);
    return b.initializer(
      name,
      floatTensor(
        Float32Array.from({ length: sizeOf(dims) }, () => (2 * random.uniform() - 1) * limit),
        dims,
      ),
    );
  };
  const constant = (name: string, count: number, value: number): Value =>
    b.initializer(name, floatTensor(new Float32Array(count).fill(value), [count]));
  const linear = (name: string, input: Value, from: number, to: number): Value =>
    b.op('Add', [b.op('MatMul', [input, weight(`${name}.weight`, [from, to])]), constant(`${name}.bias`, to, 0)]);
  const norm = (name: string, input: Value): Value =>
    b.op('LayerNormalization', [input, constant(`${name}.scale`, WIDTH, 1), constant(`${name}.bias`, WIDTH, 0)], {
      axis: -1,
    });

  const mixed = b.op('Reshape', [
    linear('qkv', norm('norm1', x), WIDTH, 3 * WIDTH),
    b.ints([0, TOKENS, 3 * HEADS, WIDTH / HEADS]),
  ]);
  const byHead = b.op('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  const [query, key, value] = b.ops('Split', [byHead], 3, { axis: 1, num_outputs: 3 }) as [Value, Value, Value];
  const scores = b.op('MatMul', [query, b.op('Transpose', [key], { perm: [0, 1, 3, 2] })]);
  const shares = b.op('Softmax', [b.op('Mul', [scores, b.scalar(1 / Math.sqrt(WIDTH / HEADS))])], { axis: -1 });
  const attended = b.op('Transpose', [b.op('MatMul', [shares, value])], { perm: [0, 2, 1, 3] });
  const merged = b.op('Reshape', [attended, b.ints([0, TOKENS, WIDTH])]);
  const afterAttention = b.op('Add', [x, linear('projection', merged, WIDTH, WIDTH)]);

  const hidden = b.op('Gelu', [linear('up', norm('norm2', afterAttention), WIDTH, 4 * WIDTH)]);
  const block = b.op('Add', [afterAttention, linear('down', hidden, 4 * WIDTH, WIDTH)]);
  const pooled = b.op('ReduceMean', [block, b.ints([1])], { keepdims: 0 });
  b.output(linear('head', pooled, WIDTH, CLASSES), 'logits');
  return b.build();
}
