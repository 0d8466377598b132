/**
 * Runs a recipe from a cold cache and prints the memory that its processes held: npm run build && npx jiti bench/memory.ts
 * [RECIPE [--set name=value …]], default pipelines/lenet5-fashion.yaml.
 *
 * Every 50 ms it reads /proc (Linux): the peak of the resident memory of all processes of the run together, and the
 * kernel's own peak (VmHWM) of the largest one. Pages that processes share count once per process, so the sum errs upwards.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [recipe = 'pipelines/lenet5-fashion.yaml', ...rest] = process.argv.slice(2);
const cache = mkdtempSync(join(tmpdir(), 'lathe-memory-'));
const child = spawn('node', ['dist/src/cli/main.js', 'run', recipe, '--cache-dir', cache, ...rest], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
let peakSum = 0;
let peakOfOne = 0;
const timer = setInterval(() => {
  let sum = 0;
  for (const status of statusOfTree(child.pid!)) {
    sum += kilobytes(status, 'VmRSS');
    peakOfOne = Math.max(peakOfOne, kilobytes(status, 'VmHWM'));
  }
  peakSum = Math.max(peakSum, sum);
}, 50);
child.on('exit', (code) => {
  clearInterval(timer);
  rmSync(cache, { recursive: true });
  const mebibytes = (kb: number) => `${Math.round(kb / 1024)} MiB`;
  process.stdout.write(`\nAll processes together, peak: ${mebibytes(peakSum)}\n`);
  process.stdout.write(`Largest process, peak: ${mebibytes(peakOfOne)}\n`);
  process.exitCode = code ?? 1;
});

/** /proc/<pid>/status of a process and all its descendants that are alive. */
function statusOfTree(root: number): string[] {
  const byParent = new Map<number, { readonly pid: number; readonly status: string }[]>();
  let own: string | undefined;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    let status: string;
    try {
      status = readFileSync(`/proc/${entry}/status`, 'utf8');
    } catch {
      // It has ended since the folder was listed.
      continue;
    }
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    byParent.set(parent, [...(byParent.get(parent) ?? []), { pid: Number(entry), status }]);
    if (Number(entry) === root) own = status;
  }
  const below = (pid: number): string[] =>
    (byParent.get(pid) ?? []).flatMap((process) => [process.status, ...below(process.pid)]);
  return own === undefined ? [] : [own, ...below(root)];
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
