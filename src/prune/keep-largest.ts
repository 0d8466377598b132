/**
 * Marks the `count` largest magnitudes over several arrays with 1. Among equal magnitudes the one with the higher flat index
 * stays (arrays in the order given), as if all had been sorted stably by magnitude and the front cut off.
 * Linear time and no copy of the values (loops by index: iterators take ten times as long here): the bits of a non-negative float32 order like the number, so two histograms of
 * 2^16 bins find the cutting magnitude exactly.
 * @param arrays finite values
 * @param count 0..total
 * @returns one mask per array
 */
export function keepLargest(arrays: readonly Float32Array[], count: number): Uint8Array[] {
  const total = arrays.reduce((sum, array) => sum + array.length, 0);
  const masks = arrays.map((array) => new Uint8Array(array.length));
  if (count >= total) {
    for (const mask of masks) mask.fill(1);
    return masks;
  }
  if (count <= 0) return masks;

  const bits = arrays.map((array) => new Uint32Array(array.buffer, array.byteOffset, array.length));
  const { cut, ties } = findCut(bits, total - count);
  let tiesLeft = ties;
  bits.forEach((words, index) => {
    const mask = masks[index]!;
    for (let i = 0; i < words.length; i++) {
      const magnitude = words[i]! & MAGNITUDE;
      if (magnitude > cut) mask[i] = 1;
      else if (magnitude === cut) {
        if (tiesLeft > 0) tiesLeft--;
        else mask[i] = 1;
      }
    }
  });
  return masks;
}

/** All bits of a float32 but its sign. */
const MAGNITUDE = 0x7fffffff;

/** The bits of the largest magnitude that is pruned, and how many of its equals are pruned with it. */
function findCut(bits: readonly Uint32Array[], pruned: number): { cut: number; ties: number } {
  const high = new Uint32Array(1 << 16);
  for (const words of bits) {
    for (let i = 0; i < words.length; i++) high[(words[i]! & MAGNITUDE) >>> 16]!++;
  }
  const top = binOf(high, pruned);
  const low = new Uint32Array(1 << 16);
  for (const words of bits) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if ((word & MAGNITUDE) >>> 16 === top.bin) low[word & 0xffff]!++;
    }
  }
  const bottom = binOf(low, pruned - top.before);
  return { cut: top.bin * 65536 + bottom.bin, ties: pruned - top.before - bottom.before };
}

/** The bin that holds the `rank`-th entry (1-based), and the number of entries before it. */
function binOf(histogram: Uint32Array, rank: number): { bin: number; before: number } {
  let before = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    if (before + histogram[bin]! >= rank) return { bin, before };
    before += histogram[bin]!;
  }
  throw new Error('internal: the rank is beyond the histogram');
}
