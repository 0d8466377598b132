import { sizeOf } from '../onnx/tensor.js';
import type { Samples } from './dataset.js';
import type { Normalization } from './normalize.js';
import type { Stored } from './stored.js';

/**
 * Some of the stored samples, as a split: positions only, no copy of the data. Reading normalizes on the way into the
 * caller's buffer and allocates nothing.
 */
export function viewOf(stored: Stored, positions: Uint32Array, normalization: Normalization): Samples {
  const write = writerOf(stored, normalization);
  const size = sizeOf(stored.shape);
  const { labels } = stored;
  const width = labels.length / stored.count;
  return {
    count: positions.length,
    read(indices, x, y) {
      for (let i = 0; i < indices.length; i++) {
        const position = positions[indices[i]!];
        if (position === undefined) throw new Error(`internal: no sample ${indices[i]} among ${positions.length}`);
        write(position, x, i * size);
        for (let k = 0; k < width; k++) y[i * width + k] = labels[position * width + k]!;
      }
    },
  };
}

type Writer = (position: number, x: Float32Array, offset: number) => void;

function writerOf(stored: Stored, normalization: Normalization): Writer {
  const channels = normalization.mean.length;
  const size = sizeOf(stored.shape);
  const plane = size / channels;
  // Bytes in planes look their input up: 256 results per channel cover every pixel.
  return stored.values instanceof Uint8Array && plane > 1
    ? tableWriter(stored.values, tableOf(normalization), channels, plane)
    : affineWriter(stored.values, normalization, plane);
}

function tableOf({ mean, std }: Normalization): Float32Array {
  const table = new Float32Array(mean.length * 256);
  for (let i = 0; i < table.length; i++) table[i] = ((i & 255) - mean[i >> 8]!) / std[i >> 8]!;
  return table;
}

function tableWriter(values: Uint8Array, table: Float32Array, channels: number, plane: number): Writer {
  const size = channels * plane;
  return (position, x, offset) => {
    let from = position * size;
    let to = offset;
    for (let c = 0; c < channels; c++) {
      const base = c << 8;
      for (const end = from + plane; from < end; ) x[to++] = table[base + values[from++]!]!;
    }
  };
}

function affineWriter(values: Stored['values'], normalization: Normalization, plane: number): Writer {
  const mean = Float64Array.from(normalization.mean);
  const std = Float64Array.from(normalization.std);
  const size = mean.length * plane;
  return (position, x, offset) => {
    let from = position * size;
    let to = offset;
    for (let c = 0; c < mean.length; c++) {
      const center = mean[c]!;
      const divisor = std[c]!;
      for (const end = from + plane; from < end; ) x[to++] = (values[from++]! - center) / divisor;
    }
  };
}
