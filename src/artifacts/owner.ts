import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256 } from '../core/hash.js';

/** A name for temporary files that tells which process they belong to: machine, process id, and its start time. */
export function ownerPrefix(): string {
  return `${machine()}-${process.pid}-${startTime(process.pid) ?? '0'}`;
}

/**
 * Whether the process that named a file with `ownerPrefix` still runs.
 * @returns 'elsewhere' if it runs or ran on another machine, or the name is not such a one: only the age can tell then
 */
export function ownerState(name: string): 'alive' | 'dead' | 'elsewhere' {
  const [host, pidText, start] = name.split('-');
  const pid = Number(pidText);
  if (host !== machine() || start === undefined || !Number.isInteger(pid) || pid <= 0) return 'elsewhere';
  if (!isRunning(pid)) return 'dead';
  const now = startTime(pid);
  // An id is given again to a later process: the start time tells the two apart.
  return now === undefined || start === '0' || now === start ? 'alive' : 'dead';
}

/** Differs between machines, and between containers that number their processes on their own. */
function machine(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: the host name alone has to do.
  }
  return sha256(`${hostname()}\n${namespace}`).slice(0, 8);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat, in clock ticks since boot; undefined where there is no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19);
  } catch {
    return undefined;
  }
}
