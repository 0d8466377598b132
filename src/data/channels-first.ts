import type { NumericArray } from './numeric-array.js';

/** Turns every sample [pixels, channels] into [channels, pixels], in place, with scratch memory for one sample. */
export function channelsFirst(values: NumericArray, pixels: number, channels: number): void {
  if (channels === 1) return;
  const size = pixels * channels;
  const scratch = values.slice(0, size);
  for (let start = 0; start < values.length; start += size) {
    scratch.set(values.subarray(start, start + size));
    let to = start;
    for (let c = 0; c < channels; c++) {
      for (let from = c; from < size; from += channels) values[to++] = scratch[from]!;
    }
  }
}
