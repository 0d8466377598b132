/**
 * Reads every model of the ONNX project's operator tests, writes it back, and compares what onnxruntime computes from
 * the file as it was and from Lathe's; also compares inferred output shapes with real ones. Run by hand:
 *
 *   apt-get install libonnx-testdata
 *   npx jiti test/conformance/round-trip.ts [--folder /usr/share/libonnx-testdata/data] [--write DIR] [--list]
 *
 * Exits with 1 if a model is refused, differs, or has a wrongly inferred shape.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { checkModel } from '../../src/onnx/check.js';
import { inferShapes } from '../../src/onnx/infer.js';
import type { Model } from '../../src/onnx/ir.js';
import { toTensor } from '../../src/onnx/proto/tensor.js';
import { readModel } from '../../src/onnx/read.js';
import { upgradeOpset } from '../../src/onnx/upgrade.js';
import { encodeModel } from '../../src/onnx/write.js';
import { type Feed, Session, type TypedArray } from '../../src/runtime/session.js';

const { values: options } = parseArgs({
  options: {
    folder: { type: 'string', default: '/usr/share/libonnx-testdata/data' },
    write: { type: 'string' },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
  },
});

/** Their outputs are drawn anew in every run. */
const RANDOM = new Set([
  'RandomNormal',
  'RandomUniform',
  'RandomNormalLike',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
]);

const UPGRADED_OPSET = 21;
/** Kernels of later versions may round in another order. */
const UPGRADE_TOLERANCE = 1e-5;

const counts = new Map<string, string[]>();
let dimsKnown = 0;
let dimsAll = 0;
for (const path of modelPaths(options.folder)) {
  const name = `${basename(dirname(dirname(path)))}/${basename(dirname(path))}`;
  if (!name.includes(options.only)) continue;
  for (const outcome of await outcomesOf(path, name)) counts.set(outcome, [...(counts.get(outcome) ?? []), name]);
}
for (const [outcome, names] of [...counts].sort()) print(`${String(names.length).padStart(5)}  ${outcome}`);
print(`${dimsKnown} of ${dimsAll} output dimensions known before running`);
if (options.list) {
  for (const [outcome, names] of counts) if (!outcome.startsWith('ok')) print(`\n${outcome}\n  ${names.join('\n  ')}`);
}
process.exitCode = [...counts.keys()].some((outcome) => outcome.startsWith('FAIL')) ? 1 : 0;

async function outcomesOf(path: string, name: string): Promise<string[]> {
  let model: Model;
  let bytes: Uint8Array;
  try {
    model = await readModel(path);
    bytes = encodeModel(model);
  } catch (error) {
    return [`FAIL refused: ${(error as Error).message}`];
  }
  if (options.write !== undefined) {
    mkdirSync(options.write, { recursive: true });
    writeFileSync(join(options.write, `${name.replace('/', '-')}.onnx`), bytes);
  }
  const before = await tryRun(readFileSync(path), path);
  const after = await tryRun(bytes, path);
  if (typeof before === 'string' || typeof after === 'string') {
    if (typeof before === typeof after) {
      return [`ok read and written; ${before as string}`, await rescueOutcome(model, path)];
    }
    return [`FAIL ran before (${text(before)}) but not after (${text(after)})`];
  }
  const isRandom = model.graph.nodes.some(({ opType }) => RANDOM.has(opType));
  const isSame =
    isRandom || Object.keys(before.outputs).every((key) => isEqual(before.outputs[key]!, after.outputs[key]));
  return [
    isSame ? 'ok same outputs' : 'FAIL other outputs',
    checkOutcome(model),
    await upgradeOutcome(model, before, path, isRandom),
    ...shapeOutcomes(model, before),
  ];
}

function checkOutcome(model: Model): string {
  try {
    checkModel(model);
    return 'ok checked';
  } catch (error) {
    return `FAIL checkModel: ${(error as Error).message}`;
  }
}

async function upgradeOutcome(model: Model, before: Run, path: string, isRandom: boolean): Promise<string> {
  const opset = model.opsets.get('') ?? 0;
  if (opset >= UPGRADED_OPSET) return 'ok no upgrade needed';
  let upgraded: Model;
  try {
    upgraded = upgradeOpset(model, UPGRADED_OPSET);
  } catch (error) {
    return `upgrade refused: ${(error as Error).message.replace(/"[^"]*"/, '…')}`;
  }
  const after = await tryRun(encodeModel(upgraded), path);
  if (typeof after === 'string') return `FAIL upgraded (from ${opset}) to what ${after}`;
  const isSame =
    isRandom || Object.keys(before.outputs).every((key) => isClose(before.outputs[key]!, after.outputs[key]));
  return isSame ? 'ok same outputs after an upgrade' : `FAIL other outputs after an upgrade from ${opset}`;
}

function isClose(a: Feed, b: Feed | undefined): boolean {
  if (isEqual(a, b)) return true;
  if (b === undefined || String(a.dims) !== String(b.dims) || a.dataType !== b.dataType) return false;
  return Array.from(a.data as ArrayLike<number | bigint>, Number).every((value, i) => {
    const other = Number(b.data[i]);
    return Math.abs(value - other) <= UPGRADE_TOLERANCE * Math.max(1, Math.abs(value)) || Object.is(value, other);
  });
}

interface Run {
  readonly inputs: Record<string, Feed>;
  readonly outputs: Record<string, Feed>;
}

/** Whether a model that onnxruntime does not take runs in a later opset, and computes what its authors expect. */
async function rescueOutcome(model: Model, path: string): Promise<string> {
  const opset = model.opsets.get('') ?? 0;
  if (opset < 6 || opset >= 13) return 'ok not upgraded';
  const run = await tryRun(encodeModel(upgradeOpset(model, UPGRADED_OPSET)), path);
  if (typeof run === 'string') return 'ok does not run after an upgrade either';
  const isSame = model.graph.outputs.every(({ name }, i) =>
    isClose(feedOf(readFileSync(join(dirname(path), 'test_data_set_0', `output_${i}.pb`))), run.outputs[name]),
  );
  return isSame ? 'ok runs only after an upgrade, with the expected outputs' : 'FAIL runs after an upgrade, wrongly';
}

/** What the model computes from its first data set, or why it does not run. */
async function tryRun(bytes: Uint8Array, path: string): Promise<Run | string> {
  let session: Session;
  try {
    session = await Session.create(bytes, { optimization: 'disabled' });
  } catch {
    return 'onnxruntime does not load it';
  }
  try {
    const inputs: Record<string, Feed> = {};
    for (const [index, name] of session.inputNames.entries()) {
      const file = join(dirname(path), 'test_data_set_0', `input_${index}.pb`);
      if (existsSync(file)) inputs[name] = feedOf(readFileSync(file));
    }
    return { inputs, outputs: await session.run(inputs) };
  } catch {
    return 'onnxruntime (its JavaScript side) does not run it';
  } finally {
    await session.release();
  }
}

function shapeOutcomes(model: Model, run: Run): string[] {
  const inputs = Object.fromEntries(Object.entries(run.inputs).map(([name, feed]) => [name, feed.dims]));
  // Declared output shapes would hide what inference does not know.
  for (const output of model.graph.outputs) output.shape = null;
  bake(model, run.inputs);
  try {
    const types = inferShapes(model, { inputs });
    const outcomes = new Set<string>();
    for (const [name, { dims, dataType }] of Object.entries(run.outputs)) {
      const type = types.get(name);
      const shape = type?.shape ?? null;
      dimsAll += dims.length;
      dimsKnown += shape?.filter((dim) => typeof dim === 'number').length ?? 0;
      if (type?.dataType !== 'undefined' && type?.dataType !== dataType) {
        outcomes.add(`FAIL inferred type ${type?.dataType}, real ${dataType}`);
      }
      const isWrong =
        shape !== null &&
        (shape.length !== dims.length || shape.some((d, i) => typeof d === 'number' && d !== dims[i]));
      if (isWrong) outcomes.add(`FAIL inferred shape [${shape}], real [${dims}]`);
      else
        outcomes.add(
          shape === null
            ? `shapes: unknown rank (${operators(model)})`
            : shape.some((dim) => typeof dim !== 'number')
              ? `shapes: partly known (${operators(model)})`
              : 'ok shapes known',
        );
    }
    return [...outcomes];
  } catch (error) {
    return [`FAIL inference: ${(error as Error).message}`];
  }
}

/** Small vectors (axes, shapes, scales) are inputs in these tests, but constants in real models: make them so. */
function bake(model: Model, inputs: Readonly<Record<string, Feed>>): void {
  for (const [name, { dataType, dims, data }] of Object.entries(inputs)) {
    if (dims.length > 1 || data.length > 16 || Array.isArray(data)) continue;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    model.graph.initializers.set(name, { dataType, dims, bytes });
    model.graph.inputs = model.graph.inputs.filter((info) => info.name !== name);
  }
}

function operators(model: Model): string {
  return [...new Set(model.graph.nodes.map(({ opType }) => opType))].slice(0, 3).join(' ');
}

function feedOf(bytes: Uint8Array): Feed {
  const plain = new Uint8Array(bytes);
  const {
    dataType,
    dims,
    bytes: data,
  } = toTensor(fromBinary(TensorProtoSchema, plain), 'input', () => new Uint8Array(0));
  const arrays: Record<string, new (buffer: ArrayBuffer) => TypedArray> = {
    float32: Float32Array,
    float64: Float64Array,
    float16: Uint16Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    int64: BigInt64Array,
    uint8: Uint8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    uint64: BigUint64Array,
    bool: Uint8Array,
  };
  const type = arrays[dataType];
  if (type === undefined) throw new Error(`no feed of type ${dataType}`);
  return { dataType, dims, data: new type(data.slice().buffer as ArrayBuffer) };
}

function isEqual(a: Feed, b: Feed | undefined): boolean {
  if (b === undefined || a.dataType !== b.dataType || String(a.dims) !== String(b.dims)) return false;
  if (Array.isArray(a.data)) return String(a.data) === String(b.data);
  const view = (feed: Feed) => Buffer.from(feed.data.buffer, feed.data.byteOffset, feed.data.byteLength);
  return view(a).equals(view(b));
}

function modelPaths(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => basename(path) === 'model.onnx')
    .sort()
    .map((path) => join(folder, path));
}

function text(run: Run | string): string {
  return typeof run === 'string' ? run : 'runs';
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
