/**
 * Training steps of one subject in Lathe, on demand; bench/train-step.ts drives it: npx jiti bench/lathe-step.ts SUBJECT CORES
 * Reads lines from standard input. A number of steps: runs them and answers with the milliseconds they took.
 * "memory": answers with the peak of the process's resident memory in MiB; "reading": with the milliseconds for the data.
 * SHARDS and BATCH in the environment set these; HIDDEN the widths of mlp.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Random } from 'onnx-lathe/plugin';
import { constantSchedule, crossEntropy, train } from 'onnx-lathe/train';
import { SUBJECTS } from './subjects.js';

const [name = 'lenet-cifar', cores = '1'] = process.argv.slice(2);
const subject = SUBJECTS[name];
if (subject === undefined) throw new Error(`no subject "${name}"; there are ${Object.keys(SUBJECTS).join(', ')}`);

const random = new Random('bench');
const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** The step after which the burst ends. */
let end = 1;
let startedAt = 0;
const readingStartedAt = performance.now();
const data = await subject.data(random);
const readingMs = performance.now() - readingStartedAt;
await train({
  model: await subject.model(random),
  data,
  loss: crossEntropy(),
  optimizer: subject.optimizer,
  schedule: constantSchedule({ warmup: 0 }),
  length: { steps: Number.MAX_SAFE_INTEGER },
  batch: Number(process.env.BATCH ?? subject.batch),
  random,
  cores: Number(cores),
  ...(process.env.SHARDS === undefined ? {} : { shards: Number(process.env.SHARDS) }),
  watches: (step) => step >= end,
  async onStep({ step }) {
    if (step < end) return;
    // The first step only makes the session warm.
    process.stdout.write(step === 1 ? 'ready\n' : `${performance.now() - startedAt}\n`);
    end = step + (await nextBurst());
    startedAt = performance.now();
  },
});

async function nextBurst(): Promise<number> {
  for (;;) {
    const { value, done } = await commands.next();
    if (done === true) process.exit(0);
    if (value !== 'memory' && value !== 'reading') return Number(value);
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    process.stdout.write(`${value === 'reading' ? readingMs : Number(peak) / 1024}\n`);
  }
}
