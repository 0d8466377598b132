/**
 * Feeds Lathe recipes and models that were changed at random: npm run build && npx jiti test/conformance/fuzz.ts
 *
 * Recipes (those that ship, and small ones with every construct) are read and planned; ONNX files are read, inspected, checked,
 * upgraded, differentiated, pruned, quantized and written; records of a cache, run records and lockfiles are read by what reads them. Each must be accepted or refused by a UserError, within five seconds and a
 * bounded memory. Anything else is a finding: it is written to build/fuzz, with the command that repeats it.
 *
 *   --seed N        default 1; equal seeds give equal inputs
 *   --runs N        that many of each kind; default 10,000 recipes, 5,000 models and 5,000 records
 *   --only KIND     recipes, models or records
 *   --case N        only the input of this number
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { modelFuzzer } from './fuzz/models.js';
import { recipeFuzzer } from './fuzz/recipes.js';
import { recordFuzzer } from './fuzz/records.js';
import { type FromWorker, serve } from './fuzz/worker.js';

const KINDS = {
  recipes: { runs: 10_000, make: recipeFuzzer },
  models: { runs: 5_000, make: modelFuzzer },
  records: { runs: 5_000, make: recordFuzzer },
} as const;
type Kind = keyof typeof KINDS;

/** Longer than this, and something grows faster than its input. */
const HANG_MS = 5_000;
/** When a process that says nothing is ended. What takes longer than HANG_MS, but comes to an end, it tells itself. */
const SILENCE_MS = 20_000;
const START_MS = 180_000;
/** Of JavaScript objects; buffers are watched by the worker. */
const HEAP_MB = 512;
const MOST_FINDINGS = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    only: { type: 'string' },
    case: { type: 'string' },
    worker: { type: 'string' },
  },
});

async function main(): Promise<number> {
  const seed = Number(values.seed);
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => values.only === undefined || kind === values.only);
  const results = await Promise.all(
    kinds.map((kind) => {
      const runs = values.runs === undefined ? KINDS[kind].runs : Number(values.runs);
      return values.case === undefined
        ? fuzz(kind, seed, 0, runs)
        : fuzz(kind, seed, Number(values.case), Number(values.case) + 1);
    }),
  );
  return results.some((findings) => findings > 0) ? 1 : 0;
}

/** Has inputs first…end worked on, by a new process after each one that took it down. @returns the number of findings */
async function fuzz(kind: Kind, seed: number, first: number, end: number): Promise<number> {
  const started = performance.now();
  const outcomes = new Map<string, number>();
  let findings = 0;
  let slowest = 0;
  for (let next = first; next < end && findings < MOST_FINDINGS; ) {
    next = await new Promise<number>((resolve) => {
      let current = next;
      let isHanging = false;
      const watch = (ms: number) =>
        setTimeout(() => {
          isHanging = true;
          child.kill('SIGKILL');
        }, ms);
      const child = startWorker(kind, (message) => {
        clearTimeout(watchdog);
        watchdog = watch(SILENCE_MS);
        if (message.type === 'begin') current = message.index;
        else if (message.type === 'done') {
          outcomes.set(message.outcome, (outcomes.get(message.outcome) ?? 0) + 1);
          slowest = Math.max(slowest, message.ms);
        } else {
          findings++;
          report(kind, seed, message.index, message.problem, message.input);
        }
      });
      let watchdog = watch(START_MS);
      child.on('close', (code, signal) => {
        clearTimeout(watchdog);
        if (code === 0) return resolve(end);
        findings++;
        report(
          kind,
          seed,
          current,
          isHanging ? `no answer within ${SILENCE_MS} ms` : `the process ended with ${signal ?? code}`,
        );
        resolve(current + 1);
      });
      child.send({ seed, first: next, end, hangMs: HANG_MS });
    });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const count = [...outcomes.values()].reduce((sum, each) => sum + each, 0);
  const list = [...outcomes]
    .sort((a, b) => b[1] - a[1])
    .map(([outcome, times]) => `  ${String(times).padStart(6)}  ${outcome}`);
  say(
    [
      `${kind}: ${count} of seed ${seed} in ${seconds} s, the slowest in ${slowest.toFixed(0)} ms; ${findings} findings`,
      ...list,
    ].join('\n'),
  );
  return findings;
}

function startWorker(kind: Kind, onMessage: (message: FromWorker) => void): ChildProcess {
  const jiti = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url));
  const child = fork(jiti, [fileURLToPath(import.meta.url), '--worker', kind], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => onMessage(message as FromWorker));
  return child;
}

function report(
  kind: Kind,
  seed: number,
  index: number,
  problem: string,
  input?: { extension: string; base64: string },
): void {
  say(
    `FINDING ${kind} ${index}: ${problem}\n  again with: npx jiti test/conformance/fuzz.ts --only ${kind} --seed ${seed} --case ${index}`,
  );
  if (input === undefined) return;
  mkdirSync('build/fuzz', { recursive: true });
  const file = join('build/fuzz', `${kind}-${seed}-${index}.${input.extension}`);
  writeFileSync(file, Buffer.from(input.base64, 'base64'));
  say(`  ${file}`);
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-fuzz-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (values.worker !== undefined) await serve(await KINDS[values.worker as Kind].make(emptyFolder()));
else process.exitCode = await main();
