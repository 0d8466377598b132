import { spawnSync } from 'node:child_process';

/** The processes that a process has started, and those that these have, as far as they run; `ps` itself aside. */
export function processesBelow(root: number): number[] {
  const { stdout, pid: own } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  const children = new Map<number, number[]>();
  for (const line of stdout.trim().split('\n')) {
    const [pid, parent, state] = line.trim().split(/\s+/) as [string, string, string];
    if (Number(pid) === own || state.startsWith('Z')) continue;
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(pid)]);
  }
  const below = (parent: number): number[] => (children.get(parent) ?? []).flatMap((pid) => [pid, ...below(pid)]);
  return below(root);
}
