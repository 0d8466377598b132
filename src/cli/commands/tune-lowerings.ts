import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { MeasuredPiece } from '../../autodiff/index.js';
import { readModel } from '../../onnx/read.js';
import { alignColumns } from '../../report/columns.js';
import { runtimeFacts } from '../../run/runtime-facts.js';
import { formatLoweringChoices } from '../../train/lowering-choices.js';
import { tuneTraining } from '../../train/tune-training.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

export interface TuneLoweringsCommandOptions {
  readonly models: readonly string[];
  readonly batch: number;
  readonly shards?: number;
  readonly out: string;
  readonly rounds: number;
}

/** `lathe tune-lowerings`: measures how training computes convolutions fastest here, and writes the choices into a file. */
export async function tuneLoweringsCommand(
  { models, out, ...options }: TuneLoweringsCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const pieces = new Map<string, MeasuredPiece>();
  for (const model of models) {
    const loaded = await readModel(resolve(model));
    for (const piece of await tuneTraining(loaded, options)) pieces.set(piece.key, piece);
  }
  const choices = new Map([...pieces.values()].map(({ key, way }) => [key, way]));
  await writeFile(resolve(out), formatLoweringChoices({ cpuClass: runtimeFacts().cpuClass, choices }));
  terminal.out(tableOf([...pieces.values()], terminal));
  terminal.out(`\nWrote ${out}. Stages use it with \`lowerings: ${out}\` among their options.`);
  return EXIT.ok;
}

function tableOf(pieces: readonly MeasuredPiece[], { paint }: Terminal): string {
  const rows = pieces.map(({ key, way, usual, ms }) => [
    key,
    way === usual ? way : `${way} (instead of ${usual})`,
    Object.entries(ms)
      .map(([name, time]) => `${name} ${time.toFixed(3)}`)
      .join(', '),
  ]);
  const [head, ...lines] = alignColumns([['piece', 'chosen', 'ms'], ...rows], ['left', 'left', 'left']);
  return [paint.bold(head!), ...lines].join('\n');
}
