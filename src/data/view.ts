import { sizeOf } from '../onnx/tensor.js';
import type { Samples } from './dataset.js';
import { DiskRows } from './disk-rows.js';
import type { Normalization } from './normalize.js';
import type { NumericArray } from './numeric-array.js';
import type { Stored } from './stored.js';

/**
 * Some of the stored samples, as a split: positions only, no copy of the data. Reading normalizes on the way into the
 * caller's buffer; from memory it is done when it returns, and allocates nothing.
 */
export function viewOf(stored: Stored, positions: Uint32Array, normalization: Normalization): Samples {
  const { labels, values } = stored;
  const size = sizeOf(stored.shape);
  const width = labels.length / stored.count;
  const write = writerOf(values instanceof DiskRows ? values.none : values, stored.shape, normalization);
  const positionOf = (index: number): number => {
    const position = positions[index];
    if (position === undefined) throw new Error(`internal: no sample ${index} among ${positions.length}`);
    return position;
  };
  const readLabel = (position: number, y: Int32Array | Float32Array, to: number) => {
    for (let k = 0; k < width; k++) y[to * width + k] = labels[position * width + k]!;
  };
  if (values instanceof DiskRows) {
    return {
      count: positions.length,
      read(indices, x, y) {
        const wanted = Uint32Array.from(indices, positionOf);
        wanted.forEach((position, i) => {
          readLabel(position, y, i);
        });
        return values.read(wanted, (rows) => {
          for (let i = 0; i < wanted.length; i++) write(rows, i, x, i * size);
        });
      },
    };
  }
  return {
    count: positions.length,
    read(indices, x, y) {
      for (let i = 0; i < indices.length; i++) {
        const position = positionOf(indices[i]!);
        write(values, position, x, i * size);
        readLabel(position, y, i);
      }
    },
  };
}

/** Writes the sample at a position among `values` to `x` from `offset` on. */
type Writer = (values: NumericArray, position: number, x: Float32Array, offset: number) => void;

/** @param sample of the type that samples are stored in */
function writerOf(sample: NumericArray, shape: readonly number[], normalization: Normalization): Writer {
  const channels = normalization.mean.length;
  const plane = sizeOf(shape) / channels;
  // Bytes in planes look their input up: 256 results per channel cover every pixel.
  return sample instanceof Uint8Array && plane > 1
    ? tableWriter(tableOf(normalization), channels, plane)
    : affineWriter(normalization, plane);
}

function tableOf({ mean, std }: Normalization): Float32Array {
  const table = new Float32Array(mean.length * 256);
  for (let i = 0; i < table.length; i++) table[i] = ((i & 255) - mean[i >> 8]!) / std[i >> 8]!;
  return table;
}

function tableWriter(table: Float32Array, channels: number, plane: number): Writer {
  const size = channels * plane;
  return (values, position, x, offset) => {
    let from = position * size;
    let to = offset;
    for (let c = 0; c < channels; c++) {
      const base = c << 8;
      for (const end = from + plane; from < end; ) x[to++] = table[base + values[from++]!]!;
    }
  };
}

function affineWriter(normalization: Normalization, plane: number): Writer {
  const mean = Float64Array.from(normalization.mean);
  const std = Float64Array.from(normalization.std);
  const size = mean.length * plane;
  return (values, position, x, offset) => {
    let from = position * size;
    let to = offset;
    for (let c = 0; c < mean.length; c++) {
      const center = mean[c]!;
      const divisor = std[c]!;
      for (const end = from + plane; from < end; ) x[to++] = (values[from++]! - center) / divisor;
    }
  };
}
