import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Bytes of memory that this process may take: what the machine has, or less by a limit of its group or of its own. */
export function memoryLimit(): number {
  const group = process.constrainedMemory();
  return Math.min(totalmem(), group > 0 ? group : Number.POSITIVE_INFINITY, ...ownLimits());
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
