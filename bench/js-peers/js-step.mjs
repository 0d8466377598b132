/**
 * Training steps of lenet-cifar in another JavaScript library; bench/js-peers.ts drives it:
 * node js-step.mjs PEER CASE.json [STEPS]. With STEPS it prints the losses of so many steps and ends; otherwise it reads
 * numbers of steps and answers with the milliseconds they took.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [peer, file, count] = process.argv.slice(2);
const { x, y, weights, lr, momentum } = JSON.parse(readFileSync(file, 'utf8'));
const step = await { tfjs, jax }[peer]();
if (count === undefined) await serve();
else {
  const losses = [];
  for (let i = 0; i < Number(count); i++) losses.push(await step());
  process.stdout.write(JSON.stringify(losses));
  process.exit(0);
}

async function serve() {
  await step();
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const start = performance.now();
    for (let i = 0; i < Number(line); i++) await step();
    process.stdout.write(`${performance.now() - start}\n`);
  }
}

/** Its CPU backend: the one of wasm has no gradients of convolutions. Images have their channels last there. */
async function tfjs() {
  const tf = await import('@tensorflow/tfjs');
  await tf.setBackend('cpu');
  const images = tf.transpose(tf.tensor(x, [64, 3, 32, 32]), [0, 2, 3, 1]);
  const labels = tf.oneHot(tf.tensor1d(y, 'int32'), 10);
  const w = weights.map(({ dims, data }) => {
    const value = tf.tensor(data, dims);
    return tf.variable(dims.length === 4 ? tf.transpose(value, [2, 3, 1, 0]) : value);
  });
  const optimizer = tf.train.momentum(lr, momentum);
  const loss = () => {
    let h = images;
    for (const at of [0, 2]) {
      h = tf.maxPool(tf.relu(tf.add(tf.conv2d(h, w[at], 1, 'valid'), w[at + 1])), 2, 2, 'valid');
    }
    h = tf.reshape(tf.transpose(h, [0, 3, 1, 2]), [64, 400]);
    for (const at of [4, 6, 8]) {
      h = tf.add(tf.matMul(h, w[at], false, true), w[at + 1]);
      if (at < 8) h = tf.relu(h);
    }
    return tf.losses.softmaxCrossEntropy(labels, h);
  };
  return async () => {
    const value = optimizer.minimize(loss, true, w);
    const [number] = await value.data();
    value.dispose();
    return number;
  };
}

/** Its wasm backend. Every use of an array but the last takes a reference (`.ref`). */
async function jax() {
  const { init, defaultDevice, jit, lax, nn, numpy: np, tree, valueAndGrad } = await import('@jax-js/jax');
  await init('wasm');
  defaultDevice('wasm');
  const images = np.array(new Float32Array(x), { shape: [64, 3, 32, 32] });
  const labels = nn.oneHot(np.array(new Int32Array(y), { shape: [64], dtype: np.int32 }), 10);
  let w = weights.map(({ dims, data }) => np.array(new Float32Array(data), { shape: dims }));
  let v = weights.map(({ dims }) => np.zeros(dims));
  const pool = (h, channels, size) => np.max(np.reshape(h, [64, channels, size, 2, size, 2]), [3, 5]);
  const loss = (p, image, label) => {
    let h = image;
    h = pool(nn.relu(lax.conv(h, p[0], [1, 1], 'VALID').add(np.reshape(p[1], [6, 1, 1]))), 6, 14);
    h = pool(nn.relu(lax.conv(h, p[2], [1, 1], 'VALID').add(np.reshape(p[3], [16, 1, 1]))), 16, 5);
    h = np.reshape(h, [64, 400]);
    h = nn.relu(np.matmul(h, np.transpose(p[4])).add(p[5]));
    h = nn.relu(np.matmul(h, np.transpose(p[6])).add(p[7]));
    h = np.matmul(h, np.transpose(p[8])).add(p[9]);
    return np.sum(nn.logSoftmax(h).mul(label)).mul(-1 / 64);
  };
  const update = jit((p, velocity, image, label) => {
    const [value, gradient] = valueAndGrad(loss)(tree.ref(p), image, label);
    const next = velocity.map((each, i) => each.mul(momentum).add(gradient[i]));
    return [value, p.map((each, i) => each.sub(next[i].ref.mul(lr))), next];
  });
  return async () => {
    const [value, nextW, nextV] = update(w, v, images.ref, labels.ref);
    [w, v] = [nextW, nextV];
    const number = await value.jsAsync();
    return number;
  };
}
