import { freemem } from 'node:os';
import { machineLimit } from '../core/memory-limit.js';

/** What the process of a stage holds besides what the stage itself does: Node with onnxruntime, measured. */
export const PROCESS_BYTES = 110 * 2 ** 20;

/** What a stage is counted with. @param estimate of its `plan`; undefined or null: it told none, and nothing is known of what it adds */
export function stageBytes(estimate: number | null | undefined): number {
  return PROCESS_BYTES + (estimate ?? 0);
}

export interface MachineMemory {
  /** What is not in use, or can be freed. */
  readonly free: number;
  /** What all processes may use together. */
  readonly limit: number;
}

export function machineMemory(): MachineMemory {
  const limit = machineLimit();
  // Elsewhere it leaves out what the system would free at once.
  return { free: process.platform === 'linux' ? Math.min(freemem(), limit) : limit, limit };
}

/** What stages may hold together, where nobody says it: a fifth is left for the rest, this process among it. */
export function memoryBudget({ free, limit }: MachineMemory): number {
  return Math.floor(0.8 * Math.min(free, limit));
}
