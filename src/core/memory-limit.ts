import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Bytes of memory that all processes here may take together: what the machine has, or less by a limit of their group (a container). */
export function machineLimit(): number {
  // Without a limit it is 0, or a number beyond all memory.
  const group = process.constrainedMemory();
  return Math.min(totalmem(), group > 0 ? group : Number.POSITIVE_INFINITY);
}

/** Bytes of memory that this process may take. */
export function memoryLimit(): number {
  return Math.min(machineLimit(), ...ownLimits());
}

/** Limits set by ulimit -v or -d; none where the system does not tell. */
function ownLimits(): number[] {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(/^Max (?:address space|data size) +(\d+)/gm)].map((match) => Number(match[1]));
}
