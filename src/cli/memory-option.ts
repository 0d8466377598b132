import { machineMemory, memoryBudget } from '../run/memory-budget.js';
import { inUnit } from './in-unit.js';

/** Bytes that the stages of a run may hold together: what `--memory` says, or most of what the machine has left. Throws CLI_UNIT. */
export function memoryOption(text: string | undefined): number {
  return text === undefined ? memoryBudget(machineMemory()) : inUnit('--memory', text, 'bytes');
}
