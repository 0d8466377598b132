import type { Json } from '../../src/core/canonical-json.js';
import { sha256 } from '../../src/core/hash.js';
import { Random } from '../../src/core/random.js';
import { Registry } from '../../src/core/registry.js';
import type { Dataset, Samples } from '../../src/data/dataset.js';
import { buildNetwork } from '../../src/network/build.js';
import type { NetworkDefinition } from '../../src/network/network.js';
import type { Model } from '../../src/onnx/ir.js';

/** Samples over arrays in memory. */
export function samplesOf(x: Float32Array, y: Int32Array | Float32Array, sample: number, label = 1): Samples {
  return {
    count: x.length / sample,
    read(indices, toX, toY) {
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        toX.set(x.subarray(index * sample, (index + 1) * sample), i * sample);
        toY.set(y.subarray(index * label, (index + 1) * label), i * label);
      }
    },
  };
}

/** Points in the plane in three classes, by their angle: separable, and too curved for a linear network. */
export function pointsDataset(count: number, validation = 0): Dataset {
  const split = (n: number, seed: string): Samples => {
    const random = new Random(seed);
    const x = new Float32Array(2 * n);
    const y = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const angle = 2 * Math.PI * random.uniform();
      const radius = 0.5 + random.uniform();
      x.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i);
      y[i] = Math.floor((3 * angle) / (2 * Math.PI));
    }
    return samplesOf(x, y, 2);
  };
  return {
    inputShape: [2],
    target: { kind: 'class', classes: 3 },
    train: split(count, 'points train'),
    validation: validation === 0 ? null : split(validation, 'points validation'),
    test: null,
  };
}

/** Noise images [1, 8, 8] in two classes: a bright left or a bright upper half. */
export function halvesDataset(count: number, validation = 0): Dataset {
  const split = (n: number, seed: string): Samples => {
    const random = new Random(seed);
    const x = new Float32Array(64 * n);
    const y = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      y[i] = random.int(2);
      for (let at = 0; at < 64; at++) {
        const isBright = y[i] === 0 ? at % 8 < 4 : at < 32;
        x[64 * i + at] = (isBright ? 1 : 0) + 0.5 * random.normal();
      }
    }
    return samplesOf(x, y, 64);
  };
  return {
    inputShape: [1, 8, 8],
    target: { kind: 'class', classes: 2 },
    train: split(count, 'halves train'),
    validation: validation === 0 ? null : split(validation, 'halves validation'),
    test: null,
  };
}

/** A network from a list of layers, as a recipe writes it, with fresh weights. */
export async function networkFor(data: Dataset, layers: readonly Json[]): Promise<Model> {
  if (data.target.kind !== 'class') throw new Error('this rig has classes only');
  return buildNetwork(
    { kind: 'layers', layers, input: null },
    {
      inputShape: data.inputShape,
      outputs: data.target.classes,
      random: new Random('weights'),
      registry: new Registry<NetworkDefinition>('network'),
    },
  );
}

/** SHA-256 over all initializers. */
export function weightsDigest({ graph }: Model): string {
  const parts = [...graph.initializers].map(([name, { bytes }]) => `${name} ${sha256(bytes)}`);
  return sha256(parts.join('\n'));
}
