/** The pieces of a state, by name. */
export type CheckpointParts = ReadonlyMap<string, Uint8Array>;

/** Keeps the place of a long piece of work, so that it goes on from there after it was killed. */
export interface Checkpoint {
  /** What an earlier run of the same work saved last; null if there is none, or it is damaged. */
  load(): Promise<CheckpointParts | null>;
  /** Whether it is time to save: to be called once a step, or once for several. @param steps made since the last call; default 1 */
  due(steps?: number): boolean;
  /**
   * Replaces what was saved before; parts are not kept. A reader finds the old parts or the new ones, never a mixture.
   * @param fetch gives the parts; what that takes is part of what saving costs, by which `due` goes
   */
  save(fetch: () => CheckpointParts | Promise<CheckpointParts>): Promise<void>;
}

/** How often to save: after so many steps, or so many milliseconds. */
export type CheckpointInterval = { readonly steps: number } | { readonly ms: number };
