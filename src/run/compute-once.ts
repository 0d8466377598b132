import type { Store } from '../artifacts/store.js';
import type { Slots, Turn, UseOptions } from './slots.js';

export interface OnceOptions<T> extends UseOptions {
  readonly store: Store;
  readonly slots: Slots;
  readonly stop: AbortSignal;
  /** The result, if another process has stored it meanwhile. */
  readonly look: () => Promise<T | null>;
  readonly compute: (turn: Turn) => Promise<T>;
  /** Called once if another process computes the key. */
  readonly onWait: () => void;
}

/** Computes a key that has no result, unless another process that shares the cache is about it: then its result is awaited. */
export async function computeOnce<T>(key: string, options: OnceOptions<T>): Promise<T> {
  const { store, slots, stop, look, compute, onWait } = options;
  for (let isTold = false; ; isTold = true) {
    const result = await slots.use(async (turn) => {
      stop.throwIfAborted();
      const lock = await store.tryLock(key);
      if (lock === null) return null;
      try {
        return { value: (await look()) ?? (await compute(turn)) };
      } finally {
        await lock.release();
      }
    }, options);
    if (result !== null) return result.value;
    if (!isTold) onWait();
    // Without a slot: what does not depend on the other process goes on.
    await store.untilUnlocked(key, stop);
  }
}
