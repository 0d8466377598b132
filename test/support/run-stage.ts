import { Ajv2020 } from 'ajv/dist/2020.js';
import { canonicalJson, type Json } from '../../src/core/canonical-json.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import { Random } from '../../src/core/random.js';
import type { Dataset } from '../../src/data/dataset.js';
import type { Model } from '../../src/onnx/ir.js';
import { decodeModel } from '../../src/onnx/read.js';
import { encodeModel } from '../../src/onnx/write.js';
import type { StageContext, StageDefinition } from '../../src/plugin/stage.js';

export interface StageRun {
  /** Slot → model. */
  readonly inputs?: Readonly<Record<string, Model>>;
  readonly data?: Dataset;
  /** What `network` builds. */
  readonly network?: Model;
  readonly seed?: number;
  readonly checkpoint?: Checkpoint;
  readonly signal?: AbortSignal;
}

export interface StageOutcome {
  /** Output `model`, written and read again. */
  readonly model: Model;
  readonly metrics: Readonly<Record<string, Json>>;
  /** Log lines of level info and above; warnings begin with "warning: ". */
  readonly lines: readonly string[];
  /** Fractions of progress, in order. */
  readonly fractions: readonly number[];
}

/** Checks the options as a recipe would (schema, defaults, `check`) and returns them with defaults. */
export function stageOptions(stage: StageDefinition, given: object, inputs: readonly string[] = ['model']): unknown {
  const options = structuredClone(given);
  const ajv = new Ajv2020({ useDefaults: true, allErrors: true, strict: false });
  const validate = ajv.compile(stage.options as object);
  if (!validate(options)) throw new Error(`schema: ${ajv.errorsText(validate.errors)}`);
  stage.check?.({ options, inputs });
  return options;
}

/** Runs a stage in this process, without a recipe. Undeclared metrics and values that are no JSON throw. */
export async function runStage(stage: StageDefinition, given: object, setup: StageRun = {}): Promise<StageOutcome> {
  const { inputs = {}, data, network, seed = 1 } = setup;
  const metrics: Record<string, Json> = {};
  const lines: string[] = [];
  const fractions: number[] = [];
  const slots = Object.entries(inputs).map(([slot, model]) => [
    slot,
    { path: '', digest: '', load: async () => decodeModel(encodeModel(model)) },
  ]);
  const context: Partial<StageContext<unknown>> = {
    options: stageOptions(stage, given, Object.keys(inputs)),
    inputs: Object.fromEntries(slots),
    data: async () => data!,
    network: async () => decodeModel(encodeModel(network!)),
    random: new Random(seed),
    signal: setup.signal ?? new AbortController().signal,
    cores: 1,
    checkpoint: setup.checkpoint ?? { load: async () => null, due: () => false, save: async () => undefined },
    log: {
      debug: () => undefined,
      info: (message) => void lines.push(message),
      warn: (message) => void lines.push(`warning: ${message}`),
    },
    progress: ({ fraction }) => void fractions.push(fraction),
    metric(name, value) {
      if (!(name in stage.metrics)) throw new Error(`undeclared metric ${name}`);
      canonicalJson(value);
      metrics[name] = value;
    },
  };
  const outputs = await stage.run(context as StageContext<unknown>);
  return { model: await decodeModel(encodeModel(outputs.model!)), metrics, lines, fractions };
}
