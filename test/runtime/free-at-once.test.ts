import { describe, expect, it } from 'vitest';
import { freeAtOnce } from '../../src/runtime/free-at-once.js';

describe('freeAtOnce', () => {
  it('empties large arrays, again and again', async () => {
    for (let i = 0; i < 3; i++) {
      const arrays = [new Float32Array(100_000), new Uint8Array(200_000)];
      freeAtOnce(arrays);
      expect(arrays.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('takes two views of the same memory', () => {
    const buffer = new ArrayBuffer(1 << 17);
    freeAtOnce([new Uint8Array(buffer), new Float32Array(buffer)]);
    expect(buffer.byteLength).toBe(0);
  });

  it('leaves small arrays and shared memory alone', () => {
    const small = new Float32Array(10);
    const shared = new Uint8Array(new SharedArrayBuffer(1 << 17));
    freeAtOnce([small, shared]);
    expect(small.length).toBe(10);
    expect(shared.length).toBe(1 << 17);
  });
});
