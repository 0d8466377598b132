import { freemem, totalmem } from 'node:os';

/** What the process of a stage holds besides what the stage itself does: Node with onnxruntime, measured. */
export const PROCESS_BYTES = 110 * 2 ** 20;

/** What a stage is counted with. @param estimate of its `plan`; undefined or null: it told none, and nothing is known of what it adds */
export function stageBytes(estimate: number | null | undefined): number {
  return PROCESS_BYTES + (estimate ?? 0);
}

export interface MachineMemory {
  readonly total: number;
  /** What is not in use, or can be freed. */
  readonly free: number;
  /** What the container or the service may use; null: all that there is. */
  readonly limit: number | null;
}

export function machineMemory(): MachineMemory {
  const total = totalmem();
  // Node 20.0 to 20.12 does not tell. Without a limit it is 0 or a number beyond all memory.
  const limit = process.constrainedMemory?.() ?? 0;
  return {
    total,
    // Elsewhere it leaves out what the system would free at once.
    free: process.platform === 'linux' ? freemem() : total,
    limit: limit > 0 && limit < total ? limit : null,
  };
}

/** What stages may hold together, where nobody says it: a fifth is left for the rest, this process among it. */
export function memoryBudget({ total, free, limit }: MachineMemory): number {
  return Math.floor(0.8 * Math.min(total, free, limit ?? total));
}
