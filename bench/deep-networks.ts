/** Networks of as many nodes as one likes, small in everything else: for what building their graphs takes. */
import { floatTensor, GraphBuilder, type Model, sizeOf, type Value } from 'onnx-lathe/onnx';
import { Random } from 'onnx-lathe/plugin';

export interface DeepNetwork {
  /** Shape of one sample; the classes are 10. */
  readonly inputShape: readonly number[];
  /** @returns a model with about as many nodes */
  build(nodes: number): Model;
}

const CHANNELS = 8;
const IMAGE = [CHANNELS, 8, 8];
const WIDTH = 16;
const HEADS = 2;
const TOKENS = 8;

export const DEEP_NETWORKS: Readonly<Record<string, DeepNetwork>> = {
  'Conv, BatchNormalization, Relu': {
    inputShape: IMAGE,
    build: (nodes) => images((n, x) => repeat(nodes / 3, x, (y, i) => n.relu(n.conv(y, `conv${i}`)))),
  },
  residual: {
    inputShape: IMAGE,
    build: (nodes) =>
      images((n, x) =>
        repeat(nodes / 7, x, (y, i) => {
          const inner = n.conv(n.relu(n.conv(y, `block${i}.first`)), `block${i}.second`);
          return n.relu(n.b.op('Add', [inner, y]));
        }),
      ),
  },
  transformer: {
    inputShape: [TOKENS, WIDTH],
    build: (nodes) =>
      network([TOKENS, WIDTH], (n, x) =>
        n.b.op('ReduceMean', [repeat(nodes / 25, x, (y, i) => n.transformerBlock(y, `block${i}`)), n.b.ints([1])], {
          keepdims: 0,
        }),
      ),
  },
};

function images(body: (n: Layers, x: Value) => Value): Model {
  return network(IMAGE, (n, x) => n.b.op('Flatten', [n.b.op('GlobalAveragePool', [body(n, x)])]));
}

function network(inputShape: readonly number[], body: (n: Layers, x: Value) => Value): Model {
  const n = new Layers();
  const features = body(n, n.b.input('x', 'float32', ['N', ...inputShape]));
  n.b.output(n.linear(features, 'head', 10), 'logits');
  return n.b.build();
}

function repeat(times: number, x: Value, block: (x: Value, index: number) => Value): Value {
  let value = x;
  for (let i = 0; i < Math.round(times); i++) value = block(value, i);
  return value;
}

class Layers {
  readonly b = new GraphBuilder();
  private readonly random = new Random('deep');

  weight(name: string, dims: readonly number[]): Value {
    const values = Float32Array.from({ length: sizeOf(dims) }, () => 0.2 * this.random.uniform() - 0.1);
    return this.b.initializer(name, floatTensor(values, dims));
  }

  filled(name: string, count: number, value: number): Value {
    return this.b.initializer(name, floatTensor(new Float32Array(count).fill(value), [count]));
  }

  conv(x: Value, name: string): Value {
    const weight = this.weight(name, [CHANNELS, CHANNELS, 3, 3]);
    const y = this.b.op('Conv', [x, weight], { pads: [1, 1, 1, 1] });
    const vectors = ['scale', 'bias', 'mean', 'var'].map((vector) =>
      this.filled(`${name}.${vector}`, CHANNELS, vector === 'scale' || vector === 'var' ? 1 : 0),
    );
    return this.b.op('BatchNormalization', [y, ...vectors]);
  }

  relu(x: Value): Value {
    return this.b.op('Relu', [x]);
  }

  linear(x: Value, name: string, outputs: number): Value {
    const weight = this.weight(name, [x.shape!.at(-1) as number, outputs]);
    return this.b.op('Add', [this.b.op('MatMul', [x, weight]), this.filled(`${name}.bias`, outputs, 0)]);
  }

  norm(x: Value, name: string): Value {
    const vectors = [this.filled(`${name}.scale`, WIDTH, 1), this.filled(`${name}.bias`, WIDTH, 0)];
    return this.b.op('LayerNormalization', [x, ...vectors], { axis: -1 });
  }

  /** 25 nodes, 6 of them products. */
  transformerBlock(x: Value, name: string): Value {
    const { b } = this;
    const mixed = this.linear(this.norm(x, `${name}.norm1`), `${name}.qkv`, 3 * WIDTH);
    const heads = b.op('Reshape', [mixed, b.ints([0, TOKENS, 3 * HEADS, WIDTH / HEADS])]);
    const byHead = b.op('Transpose', [heads], { perm: [0, 2, 1, 3] });
    const [query, key, value] = b.ops('Split', [byHead], 3, { axis: 1, num_outputs: 3 }) as [Value, Value, Value];
    const scores = b.op('MatMul', [query, b.op('Transpose', [key], { perm: [0, 1, 3, 2] })]);
    const shares = b.op('Softmax', [b.op('Mul', [scores, b.scalar(0.5)])], { axis: -1 });
    const attended = b.op('Transpose', [b.op('MatMul', [shares, value])], { perm: [0, 2, 1, 3] });
    const merged = b.op('Reshape', [attended, b.ints([0, TOKENS, WIDTH])]);
    const middle = b.op('Add', [x, this.linear(merged, `${name}.projection`, WIDTH)]);
    const up = this.linear(this.norm(middle, `${name}.norm2`), `${name}.up`, 2 * WIDTH);
    const gelu = b.op('Mul', [up, b.op('Sigmoid', [b.op('Mul', [up, b.scalar(1.702)])])]);
    return b.op('Add', [middle, this.linear(gelu, `${name}.down`, WIDTH)]);
  }
}
