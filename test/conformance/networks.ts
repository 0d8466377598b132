/**
 * Runs whole networks as they were and as Lathe writes and upgrades them, and compares every inner shape that Lathe
 * infers with the real one. Run by hand on any folder with .onnx files:
 *
 *   npx jiti test/conformance/networks.ts FOLDER
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { checkModel } from '../../src/onnx/check.js';
import { inferShapes } from '../../src/onnx/infer.js';
import { cloneModel, type Dim, type Model } from '../../src/onnx/ir.js';
import { readModel } from '../../src/onnx/read.js';
import { sizeOf } from '../../src/onnx/tensor.js';
import { upgradeOpset } from '../../src/onnx/upgrade.js';
import { weightLayers } from '../../src/onnx/weights.js';
import { encodeModel } from '../../src/onnx/write.js';
import { type Feed, Session } from '../../src/runtime/session.js';

/** Sizes that are tried for dimensions without one. */
const FREE_SIZES = [32, 64, 96, 160, 320, 512, 2, 1];

let failures = 0;
for (const path of readdirSync(process.argv[2]!, { recursive: true, encoding: 'utf8' }).sort()) {
  if (path.endsWith('.onnx')) await examine(join(process.argv[2]!, path));
}
process.exitCode = failures > 0 ? 1 : 0;

async function examine(path: string): Promise<void> {
  const model = await readModel(path);
  checkModel(model);
  const run = await firstRun(path, model);
  if (run === undefined) {
    report(path, ['no input shape found that it runs with']);
    return;
  }
  const { inputs, outputs } = run;
  const lines: string[] = [];
  lines.push(await compared('written', encodeModel(model), run));
  for (const opset of [18, 21]) {
    const upgraded = attempt(() => upgradeOpset(model, opset));
    lines.push(typeof upgraded === 'string' ? upgraded : await compared(`opset ${opset}`, encodeModel(upgraded), run));
  }
  lines.push(await comparedShapes(model, inputs));
  lines.push(`${Object.keys(outputs).length} outputs, ${weightLayers(model).length} layers with weights`);
  report(path, lines);
}

interface Run {
  readonly inputs: Record<string, Feed>;
  readonly outputs: Record<string, Feed>;
}

async function firstRun(path: string, model: Model): Promise<Run | undefined> {
  for (const size of FREE_SIZES) {
    const inputs = Object.fromEntries(
      model.graph.inputs.map(({ name, dataType, shape }) => [name, feed(dataType, shape ?? [], size)]),
    );
    try {
      const session = await Session.create(path, { optimization: 'disabled' });
      const outputs = await session.run(inputs);
      await session.release();
      return { inputs, outputs };
    } catch {
      // The next size may fit.
    }
  }
  return undefined;
}

function feed(dataType: Feed['dataType'], shape: readonly Dim[], size: number): Feed {
  const dims = shape.map((dim, i) => (typeof dim === 'number' && dim > 0 ? dim : i === 0 ? 1 : size));
  const random = new Random(1);
  if (dataType === 'int64') return { dataType, dims, data: new BigInt64Array(sizeOf(dims)).fill(16000n) };
  return { dataType, dims, data: Float32Array.from({ length: sizeOf(dims) }, () => random.normal()) };
}

async function compared(label: string, bytes: Uint8Array, run: Run): Promise<string> {
  const session = await Session.create(bytes, { optimization: 'disabled' });
  const outputs = await session.run(run.inputs);
  await session.release();
  let largest = 0;
  for (const [name, { data }] of Object.entries(run.outputs)) {
    Array.from(data as ArrayLike<number>, Number).forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - Number(outputs[name]!.data[i])));
    });
  }
  if (largest > 1e-4) failures++;
  return `${label}: largest difference ${largest}`;
}

async function comparedShapes(model: Model, inputs: Readonly<Record<string, Feed>>): Promise<string> {
  const dims = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, value.dims]));
  const types = inferShapes(model, { inputs: dims });
  const all = cloneModel(model);
  const known = new Set(all.graph.outputs.map(({ name }) => name));
  for (const { outputs } of all.graph.nodes) {
    for (const name of outputs) {
      const { dataType } = types.get(name) ?? { dataType: 'undefined' };
      if (name !== '' && !known.has(name) && dataType !== 'undefined')
        all.graph.outputs.push({ name, dataType, shape: null });
    }
  }
  const session = await Session.create(all, { optimization: 'disabled' });
  const outputs = await session.run(inputs);
  await session.release();
  let [right, partly, unknown] = [0, 0, 0];
  const wrong: string[] = [];
  for (const [name, { dims: real, dataType }] of Object.entries(outputs)) {
    const type = types.get(name)!;
    const shape = type.shape;
    if (type.dataType !== dataType) wrong.push(`${name}: ${type.dataType}, really ${dataType}`);
    if (shape === null) unknown++;
    else if (shape.length !== real.length || shape.some((dim, i) => typeof dim === 'number' && dim !== real[i])) {
      wrong.push(`${name}: [${shape}], really [${real}]`);
    } else if (shape.some((dim) => typeof dim !== 'number')) partly++;
    else right++;
  }
  if (wrong.length > 0) failures++;
  return `shapes: ${right} right, ${partly} partly known, ${unknown} unknown, ${wrong.length} wrong ${wrong.slice(0, 3)}`;
}

function attempt<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    return (error as Error).message;
  }
}

function report(path: string, lines: readonly string[]): void {
  process.stdout.write(`${basename(path)}\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
