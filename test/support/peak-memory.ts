import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Measured {
  readonly code: number | null;
  /** Highest resident set of a process, by process, the command itself first. Linux only. */
  readonly peakBytes: readonly number[];
  readonly seconds: number;
  /** Standard output. */
  readonly output: string;
}

/** Runs a command and watches how much memory it and the processes that it starts take. */
export async function measure(command: string, argv: readonly string[], cwd: string): Promise<Measured> {
  const startedAt = performance.now();
  const child = spawn(command, argv, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const peaks = new Map<number, number>();
  const watch = setInterval(() => notePeaks(child.pid!, peaks), 50);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  return { code, peakBytes: [...peaks.values()], seconds: (performance.now() - startedAt) / 1000, output };
}

function notePeaks(pid: number, peaks: Map<number, number>): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /^VmHWM:\s+(\d+)/m.exec(status);
    // A process that is ending has none any more.
    if (peak !== null) peaks.set(pid, 1024 * Number(peak[1]));
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
      for (const child of children.split(' ')) if (child.trim() !== '') notePeaks(Number(child), peaks);
    }
  } catch {
    // It has ended meanwhile.
  }
}

export function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
