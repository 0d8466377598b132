import type { Dataset, Json, Model, StageContext, StageDefinition } from 'onnx-lathe/plugin';
import { canonicalJson } from '../../src/core/canonical-json.js';
import { complete } from '../../src/core/json-schema/complete.js';
import type { Schema } from '../../src/core/json-schema/schema.js';
import { Random } from '../../src/core/random.js';

export interface StageRun {
  readonly stage: StageDefinition;
  /** As a recipe writes them; defaults are filled in. */
  readonly options: Readonly<Record<string, Json>>;
  readonly data: Dataset;
  /** What slot `model` receives. */
  readonly model?: Model;
  /** What `network` builds. */
  readonly network?: Model;
}

/** Runs a stage as the engine would: its model, its metrics, its log, and the values it showed. */
export async function runStage(run: StageRun) {
  const { stage } = run;
  const options = complete(stage.options as Schema, run.options as Json) as Readonly<Record<string, Json>>;
  const metrics: Record<string, Json> = {};
  const lines: { message: string; details: Json }[] = [];
  const shown: Readonly<Record<string, number>>[] = [];
  const inputs = run.model === undefined ? {} : { model: inputOf(run.model) };
  stage.check?.({ options, inputs: Object.keys(inputs) });
  const context: StageContext<unknown> = {
    options,
    inputs,
    model: () => inputOf(run.model!),
    collected: [],
    choose: () => undefined,
    data: async () => run.data,
    network: async () => run.network!,
    random: new Random(5),
    signal: new AbortController().signal,
    provider: 'cpu',
    cores: 1,
    log: {
      debug: () => undefined,
      info: (message, details = {}) => void lines.push({ message, details: details as Json }),
      warn: (message, details = {}) => void lines.push({ message: `warning: ${message}`, details: details as Json }),
    },
    progress: ({ values }) => void shown.push(values ?? {}),
    metric(name, value) {
      if (!(name in stage.metrics)) throw new Error(`undeclared metric ${name}`);
      canonicalJson(value);
      metrics[name] = value;
    },
    alone: (work) => work(),
    scratch: '',
    checkpoint: { load: async () => null, due: () => false, save: async () => undefined },
  };
  const outputs = await stage.run(context);
  return { model: outputs.model!, metrics, lines, shown, options };
}

function inputOf(model: Model) {
  return { path: '', digest: '', load: async () => model };
}
