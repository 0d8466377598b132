import { readFileSync } from 'node:fs';

/**
 * Bytes of memory that a process has held at most so far. Null where the system tells only the process itself (all but Linux), and for one that is gone.
 */
export function peakMemoryOf(pid: number): number | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return null;
  }
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}
