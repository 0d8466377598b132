import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StagedFile } from '../../src/artifacts/store.js';
import { sha256 } from '../../src/core/hash.js';
import { Registry } from '../../src/core/registry.js';
import type { DatasetDefinition } from '../../src/data/dataset.js';
import type { NetworkDefinition } from '../../src/network/network.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { readModel } from '../../src/onnx/read.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import type { StageContext, StageDefinition } from '../../src/plugin/stage.js';
import { type JobRegistries, runJob } from '../../src/run/child.js';
import type { Job, JobEvent } from '../../src/run/job.js';
import { Session } from '../../src/runtime/session.js';

let staging: string;
beforeEach(async () => {
  staging = await mkdtemp(join(tmpdir(), 'lathe-child-'));
});
afterEach(() => rm(staging, { recursive: true, force: true }));

/** y = x + bias. */
function biasModel(values: readonly number[]): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', values.length]);
  b.output(b.op('Add', [x, b.initializer('bias', floatTensor(values, [values.length]))], {}, { outputs: ['y'] }));
  return b.build();
}

/** Runs a stage that consists of `run`, in this process. */
async function runStage(
  run: (context: StageContext<unknown>) => Promise<Readonly<Record<string, Model>>>,
  { definition = {}, job = {} }: { definition?: Partial<StageDefinition>; job?: Partial<Job> } = {},
) {
  const stage: StageDefinition = {
    name: 'test',
    revision: 1,
    summary: '',
    options: { type: 'object' },
    inputs: {},
    outputs: { model: 'model' },
    metrics: { accuracy: { unit: 'ratio' }, perClass: { unit: '' } },
    computes: false,
    ...definition,
    run,
  };
  const registries: JobRegistries = {
    stages: new Registry<StageDefinition>('stage'),
    datasets: new Registry<DatasetDefinition>('data set reader'),
    networks: new Registry<NetworkDefinition>('network'),
  };
  registries.stages.add(stage);
  registries.datasets.add(DATASET);
  const events: JobEvent[] = [];
  const result = await runJob(
    {
      cell: 'cell',
      uses: 'test',
      plugin: null,
      plugins: [],
      options: {},
      inputs: {},
      models: {},
      data: {},
      networks: {},
      seed: '7',
      provider: 'cpu',
      cores: 1,
      staging,
      checkpoint: null,
      ...job,
    },
    registries,
    {
      signal: new AbortController().signal,
      onEvent: (event) => events.push(event),
      alone: async () => () => {},
    },
  );
  return { ...result, events };
}

let opened = 0;
const DATASET: DatasetDefinition = {
  name: 'two',
  revision: 1,
  summary: '',
  options: { type: 'object' },
  async open() {
    opened++;
    const train = { count: 2, read: () => {} };
    return { inputShape: [3], target: { kind: 'class', classes: 4 }, train, validation: null, test: null };
  },
} as unknown as DatasetDefinition;
const DATA_USE = { data: { two: { uses: 'two', options: {}, plugin: { kind: 'built-in' }, digest: '' } } } as const;

describe('a job', () => {
  it('writes what the stage returns, which reads back as it was', async () => {
    const { outputs, metrics } = await runStage(async ({ metric }) => {
      metric('accuracy', 0.9);
      metric('perClass', [0.8, 1]);
      return { model: biasModel([1, 2, 3]) };
    });
    expect(metrics).toEqual({ accuracy: 0.9, perClass: [0.8, 1] });
    const path = join(staging, 'outputs', 'model', 'model.onnx');
    expect(outputs).toEqual({ model: [{ path, digest: sha256(readFileSync(path)) }] });
    const model = await readModel(pathOf(outputs.model![0]!));
    expect(model.graph.initializers.get('bias')?.dims).toEqual([3]);
  });

  it('gives the same bytes for models that differ in their provenance only', async () => {
    const bytesOf = async (stage: string) => {
      const { outputs } = await runStage(async () => {
        const model = biasModel([1]);
        model.metadata.set('lathe.stage', stage).set('author', 'me');
        return { model };
      });
      const model = await readModel(pathOf(outputs.model![0]!));
      await rm(join(staging, 'scratch'), { recursive: true });
      return [...model.metadata];
    };
    expect(await bytesOf('a')).toEqual([['author', 'me']]);
    expect(await bytesOf('b')).toEqual([['author', 'me']]);
  });

  it('lends the stage its models, an empty folder, and a stream of numbers that depends on the seed', async () => {
    const path = join(staging, 'input.onnx');
    await writeModel(biasModel([5]), path);
    const lent = { path, digest: 'd' };
    const numbers: number[] = [];
    const read = async (seed: string) => {
      await runStage(
        async ({ inputs, model, random, scratch }) => {
          expect(existsSync(scratch)).toBe(true);
          expect(inputs.model?.digest).toBe('d');
          const [first, second] = [await inputs.model!.load(), await inputs.model!.load()];
          expect(first).not.toBe(second);
          expect((await model('teacher').load()).graph.outputs[0]?.name).toBe('y');
          numbers.push(random.uint32());
          return {};
        },
        { definition: { outputs: {} }, job: { seed, inputs: { model: lent }, models: { teacher: lent } } },
      );
      await rm(join(staging, 'scratch'), { recursive: true });
    };
    await read('7');
    await read('7');
    await read('8');
    expect(numbers[0]).toBe(numbers[1]);
    expect(numbers[2]).not.toBe(numbers[0]);
  });

  it('opens a data set once, and builds the network that fits it', async () => {
    opened = 0;
    const layers = { kind: 'layers', layers: [{ linear: 4 }], input: null, digest: '' } as const;
    const { outputs } = await runStage(
      async ({ data, network, random }) => {
        expect(await data('two')).toBe(await data('two'));
        return { model: await network('net', await data('two'), random) };
      },
      { job: { ...DATA_USE, networks: { net: layers } } },
    );
    expect(opened).toBe(1);
    const { graph } = await readModel(pathOf(outputs.model![0]!));
    expect([graph.inputs[0]?.shape, graph.outputs[0]?.shape]).toEqual([
      ['batch', 3],
      ['batch', 4],
    ]);
  });

  it('passes on at most ten reports of progress a second, without what is not finite, and the last one', async () => {
    const { events } = await runStage(async ({ progress }) => {
      for (let i = 0; i <= 1000; i++) progress({ fraction: i / 1000, values: { loss: 1 / i, step: i } });
      return { model: biasModel([1]) };
    });
    expect(events.length).toBeLessThan(20);
    expect(events[0]).toEqual({ type: 'progress', fraction: 0, values: { step: 0 } });
    expect(events.at(-1)).toEqual({ type: 'progress', fraction: 1, values: { loss: 0.001, step: 1000 } });
  });
});

describe('a stage that does not keep to its declaration', () => {
  const model = biasModel([1]);
  it.each<[what: string, returned: unknown]>([
    ['a number', 42],
    ['nothing', undefined],
    ['a promise', Promise.resolve(model)],
    ['a model without a graph', { ...model, graph: undefined }],
    ['a graph whose nodes are none', { ...model, graph: { ...model.graph, nodes: [{}] } }],
    [
      'bytes in the place of tensors',
      { ...model, graph: { ...model.graph, initializers: new Map([['bias', Buffer.of(1)]]) } },
    ],
  ])('and returns %s as a model is told so, if a plugin has made it', async (_, returned) => {
    const plugin = './mine.ts';
    const error = await runStage(async () => ({ model: returned as Model }), { job: { plugin } }).catch(
      (cause) => cause,
    );
    expect(error).toMatchObject({ class: 'stage', fix: expect.stringMatching(/./) });
    expect(error.code).toMatch(/^RUN_OUTPUTS$|^ONNX_/);
  });

  it.each<[string, Parameters<typeof runStage>[0], string]>([
    ['returns too little', async () => ({}), 'Stage cell did not return the output "model" that test declares.'],
    [
      'returns too much',
      async () => ({ model, log: model }),
      'Stage cell returned an output "log" that test does not declare.',
    ],
    [
      'reports an unknown metric',
      async ({ metric }) => {
        metric('acuracy', 1);
        return { model };
      },
      'Stage cell reported a metric "acuracy" that test does not declare.',
    ],
    [
      'reports infinity',
      async ({ metric }) => {
        metric('accuracy', Number.POSITIVE_INFINITY);
        return { model };
      },
      'Stage cell reported Infinity as its metric "accuracy", which is no JSON value.',
    ],
    [
      'reports a metric that no record should hold',
      async ({ metric }) => {
        metric('perClass', 'x'.repeat(9_000_000));
        return { model };
      },
      'Stage cell reported 9 MB as its metric "perClass".',
    ],
    [
      'asks for data that no option names',
      async ({ data }) => {
        await data('tow');
        return { model };
      },
      'Stage cell asked for the data set "tow", which no option of it names.',
    ],
    [
      'asks for a model that no option names',
      async (context) => ({ model: await context.model('x').load() }),
      'Stage cell asked for the model "x", which no option of it names.',
    ],
  ])('and %s is refused', async (_, run, problem) => {
    await expect(runStage(run, { job: DATA_USE })).rejects.toMatchObject({ problem });
  });

  it('and returns a broken graph is refused', async () => {
    const broken = biasModel([1]);
    broken.graph.nodes[0]!.inputs[0] = 'nowhere';
    await expect(runStage(async () => ({ model: broken }))).rejects.toMatchObject({ name: 'UserError' });
  });

  it('and throws is told as a mistake of its plugin, a built-in one as a bug', async () => {
    const run = async () => {
      throw new TypeError('x is undefined');
    };
    await expect(runStage(run, { job: { plugin: './my.ts' } })).rejects.toMatchObject({
      code: 'RUN_STAGE_THREW',
      problem: 'Stage cell (test of ./my.ts) threw: x is undefined.',
    });
    await rm(join(staging, 'scratch'), { recursive: true });
    await expect(runStage(run)).rejects.toThrow(TypeError);
  });

  it.each<[string, () => unknown, string]>([
    // 32 TiB: more than any address space of a process has room for.
    ['for an array', () => new ArrayBuffer(2 ** 45), 'array buffer allocation failed'],
    [
      'for what an error was caused by',
      () => throwAbout(() => new ArrayBuffer(2 ** 45)),
      'array buffer allocation failed',
    ],
    [
      'of onnxruntime',
      () => fillTensor(10n ** 13n),
      'failed to allocate memory for requested buffer of size 40000000000000',
    ],
  ])('and gets no memory %s is told as a fault of the machine, of a plugin and of a built-in', async (_, use, why) => {
    const run = async () => {
      await use();
      throw new Error('internal: the system gave it');
    };
    const error = {
      code: 'RUN_OUT_OF_MEMORY',
      class: 'infrastructure',
      problem: `Stage cell (test) did not get the memory that it asked for: ${why}.`,
    };
    await expect(runStage(run, { job: { plugin: './my.ts' } })).rejects.toMatchObject(error);
    await rm(join(staging, 'scratch'), { recursive: true });
    await expect(runStage(run)).rejects.toMatchObject(error);
  });

  it('and asks for an array of an impossible length is told as a mistake of its plugin', async () => {
    const run = async () => {
      throw new Error(String(new Float32Array(2 ** 40).length));
    };
    await expect(runStage(run, { job: { plugin: './my.ts' } })).rejects.toMatchObject({ code: 'RUN_STAGE_THREW' });
  });
});

function throwAbout(work: () => unknown): never {
  try {
    throw new Error(`internal: ${work()}`);
  } catch (cause) {
    throw new Error('It did not work.', { cause });
  }
}

/** Has onnxruntime make a tensor of so many floats. */
async function fillTensor(count: bigint): Promise<void> {
  const b = new GraphBuilder();
  b.output(b.op('ConstantOfShape', [b.input('shape', 'int64', [1])]), 'y');
  const session = await Session.create(b.build());
  await session.run({ shape: { dataType: 'int64', dims: [1], data: BigInt64Array.of(count) } });
}

function pathOf(file: StagedFile): string {
  return typeof file === 'string' ? file : file.path;
}
