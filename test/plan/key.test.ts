// biome-ignore-all lint/suspicious/noExplicitAny: the changes of these tests reach into a recipe as plain data
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Json } from '../../src/core/canonical-json.js';
import { sha256 } from '../../src/core/hash.js';
import { cacheKey, keyRecord } from '../../src/plan/key.js';
import type { Plan } from '../../src/plan/plan.js';
import { createRegistries } from '../../src/plugin/registries.js';
import {
  fakeCsv,
  fakeEvaluate,
  fakeImages,
  fakeMlp,
  fakePrune,
  fakeReport,
  fakeTrain,
  fakeTransfer,
} from '../support/fake-plugins.js';
import { type PlanTextOptions, planText } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type Mapping = { [key: string]: Json };
const RUNTIME = { onnxruntime: '1.30.0', provider: 'cpu', cpuClass: 'x64-avx512-vnni' };
const FILES = {
  'data/a.csv': 'a,label\n1,0\n',
  'pictures/cat/1.png': 'cat',
  'pictures/dog/1.png': 'dog',
  'face.onnx': 'face',
  'net.onnx': 'net',
};

/** A recipe as data, so that a test can change one thing of it. */
const base = (): Mapping => ({
  version: 1,
  seed: 7,
  env: { hash: ['PRECISION'], pass: ['HOME'] },
  data: {
    table: { uses: 'csv', with: { file: 'data/a.csv', validation: 0.2 } },
    pictures: { uses: 'images', with: { folder: 'pictures' } },
  },
  networks: { small: { layers: [{ linear: 8 }, 'relu', { linear: 2 }], input: [4] }, drawn: { file: 'net.onnx' } },
  models: { face: { file: 'face.onnx' } },
  stages: [
    {
      id: 'first',
      uses: 'train',
      with: { network: 'small', data: 'table', epochs: 0.5, optimizer: { sgd: { lr: 0.1 } } },
    },
    { id: 'second', uses: 'train', with: { network: 'drawn', data: 'pictures' } },
    { id: 'third', uses: 'prune', from: 'first', with: { keep: 0.5, mask: 'data/a.csv' } },
    {
      id: 'fourth',
      uses: 'transfer',
      from: { teacher: 'first', student: 'third' },
      with: { teachers: ['second', 'face'] },
    },
    { id: 'fifth', uses: 'evaluate', from: 'fourth', with: { data: 'table', against: 'face' } },
  ],
});

/** Keys by stage position, where the digest of a model is the key of the cell that makes it. */
function keysOf(plan: Plan, runtime: Readonly<Record<string, Json>> = RUNTIME): string[] {
  const keys = new Map<string, string>();
  for (const cell of plan.cells) {
    const inputs = Object.fromEntries(
      Object.entries(cell.inputs).map(([slot, source]) => [
        slot,
        source.kind === 'cell' ? keys.get(source.cell)! : source.digest,
      ]),
    );
    keys.set(cell.id, cacheKey(keyRecord(cell, inputs, runtime)));
  }
  return plan.recipe.stages.map(({ id }) => keys.get(id)!);
}

const keys = async (recipe: Json, folder: string, options: PlanTextOptions = {}) =>
  keysOf(await planText(stringify(recipe), folder, options));

/** The recipe after a change to a copy of it. */
function changed(change: (recipe: any) => void): Mapping {
  const recipe = base();
  change(recipe);
  return recipe;
}

describe('a key stays', () => {
  test.each<[string, (recipe: any) => void]>([
    [
      'when fewer cores may compute',
      (r) => {
        r.runtime = { threads: 2 };
        r.stages[0].runtime = { threads: 1 };
      },
    ],
    [
      'when the default of the provider is written out',
      (r) => {
        r.runtime = { provider: 'cpu' };
      },
    ],
    [
      'when a data set is renamed',
      (r) => {
        r.data.other = r.data.table;
        delete r.data.table;
        r.stages[0].with.data = 'other';
        r.stages[4].with.data = 'other';
      },
    ],
    [
      'when a network is renamed',
      (r) => {
        r.networks.tiny = r.networks.small;
        delete r.networks.small;
        r.stages[0].with.network = 'tiny';
      },
    ],
    [
      'when a model is renamed',
      (r) => {
        r.models.head = r.models.face;
        delete r.models.face;
        r.stages[3].with.teachers[1] = 'head';
        r.stages[4].with.against = 'head';
      },
    ],
    [
      'when a default is written out',
      (r) => {
        r.stages[0].with.batch = 64;
        r.stages[0].with.optimizer.sgd.momentum = 0.9;
        r.data.table.with.label = 'label';
      },
    ],
    [
      'when an option of a data set that changes nothing is another one',
      (r) => {
        r.data.table.with.storage = 'disk';
      },
    ],
    [
      'when a number is written as a text with a unit',
      (r) => {
        r.stages[2].with.keep = '50%';
        r.data.table.with.validation = '20%';
      },
    ],
    [
      'when a timeout is set',
      (r) => {
        r.stages[0].timeout = '20m';
      },
    ],
    [
      'when gates are set',
      (r) => {
        r.stages[0].expect = { loss: { max: 3 } };
        r.stages[4].expect = { accuracy: { min: 0.5 } };
      },
    ],
    [
      'when an order is required',
      (r) => {
        r.stages[1].needs = ['first'];
      },
    ],
    [
      'when the recipe gets a name, a measure or exports',
      (r) => {
        r.name = 'x';
        r.measure = { data: 'table' };
        r.exports = { m: { from: 'fourth', to: 'x.onnx' } };
      },
    ],
    [
      'when a value comes from a parameter',
      (r) => {
        r.params = { e: 0.5 };
        r.stages[0].with.epochs = '${{ params.e }}';
      },
    ],
    [
      'when env.pass changes',
      (r) => {
        r.env.pass = ['PATH'];
      },
    ],
    [
      'when something is declared that nothing uses',
      (r) => {
        r.data.more = r.data.table;
        r.networks.more = { uses: 'mlp' };
      },
    ],
  ])('%s', async (_, change) => {
    const folder = temporaryFolder(FILES);
    expect(await keys(changed(change), folder)).toEqual(await keys(base(), folder));
  });

  test('when files are moved', async () => {
    const folder = temporaryFolder(FILES);
    const before = await keys(base(), folder);
    mkdirSync(join(folder, 'elsewhere'));
    for (const name of ['data/a.csv', 'pictures', 'face.onnx', 'net.onnx']) {
      renameSync(join(folder, name), join(folder, 'elsewhere', name.replace('data/', '')));
    }
    const moved = changed((r) => {
      r.data.table.with.file = 'elsewhere/a.csv';
      r.data.pictures.with.folder = 'elsewhere/pictures';
      r.networks.drawn.file = 'elsewhere/net.onnx';
      r.models.face.file = 'elsewhere/face.onnx';
      r.stages[2].with.mask = 'elsewhere/a.csv';
    });
    expect(await keys(moved, folder)).toEqual(before);
    expect(await keys(base(), temporaryFolder(FILES))).toEqual(before);
  });

  test('whatever the order of keys', async () => {
    const folder = temporaryFolder(FILES);
    const before = await keys(base(), folder);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async (stream) => {
        const next = () => stream.next().value as number;
        expect(await keys(shuffled(base(), next), folder)).toEqual(before);
      }),
      { numRuns: 15 },
    );
  });

  test('when 0.5 is written as 0.50, 5e-1 or .5', async () => {
    const folder = temporaryFolder(FILES);
    const before = await keys(base(), folder);
    for (const written of ['0.50', '5e-1', '.5', '+0.5']) {
      const text = stringify(base()).replace('epochs: 0.5', `epochs: ${written}`);
      expect(keysOf(await planText(text, folder))).toEqual(before);
    }
  });

  test('when the machine changes, for stages that do not compute', async () => {
    const plan = await planText(stringify(base()), temporaryFolder(FILES));
    const prune = plan.cells.find(({ id }) => id === 'third')!;
    const record = (runtime: Json) => cacheKey(keyRecord(prune, { model: 'd' }, runtime as Record<string, Json>));
    expect(record({ onnxruntime: '9' })).toBe(record(RUNTIME));
  });
});

describe('a key changes', () => {
  /** Which stages a change reaches: its own and those that read their bytes. */
  const cases: readonly [string, (recipe: any) => void, readonly number[]][] = [
    [
      'with the provider of a stage',
      (r) => {
        r.stages[3].runtime = { provider: 'webgpu' };
      },
      [3, 4],
    ],
    [
      'with the provider of the recipe, for stages that have no other and compute',
      (r) => {
        r.runtime = { provider: 'cuda' };
        r.stages[0].runtime = { provider: 'cpu' };
        r.stages[4].runtime = { threads: 1 };
      },
      [1, 3, 4],
    ],
    [
      'with an option',
      (r) => {
        r.stages[0].with.epochs = 0.25;
      },
      [0, 2, 3, 4],
    ],
    [
      'with an option in a branch',
      (r) => {
        r.stages[0].with.optimizer.sgd.lr = 0.2;
      },
      [0, 2, 3, 4],
    ],
    [
      'with an option in another branch',
      (r) => {
        r.stages[0].with.optimizer = { adam: { lr: 0.1 } };
      },
      [0, 2, 3, 4],
    ],
    [
      'with the order of a list',
      (r) => {
        r.stages[3].with.teachers.reverse();
      },
      [3, 4],
    ],
    [
      'with the seed',
      (r) => {
        r.seed = 8;
      },
      [0, 1, 2, 3, 4],
    ],
    [
      'with a layer',
      (r) => {
        r.networks.small.layers[0].linear = 9;
      },
      [0, 2, 3, 4],
    ],
    [
      'with the input of a network',
      (r) => {
        r.networks.small.input = [5];
      },
      [0, 2, 3, 4],
    ],
    [
      'with an option of a data set',
      (r) => {
        r.data.table.with.validation = 0.3;
      },
      [0, 2, 3, 4],
    ],
    [
      'with the source of a model',
      (r) => {
        r.stages[4].from = 'third';
      },
      [4],
    ],
    [
      'with the slot of a model',
      (r) => {
        r.stages[3].from = { teacher: 'third', student: 'first' };
      },
      [3, 4],
    ],
    [
      'with the model that an option names',
      (r) => {
        r.stages[4].with.against = 'first';
      },
      [4],
    ],
    [
      'with a hashed variable more',
      (r) => {
        r.env.hash.push('OTHER');
      },
      [0, 1, 2, 3, 4],
    ],
  ];
  test.each(cases)('%s', async (_, change, reached) => {
    const folder = temporaryFolder(FILES);
    const before = await keys(base(), folder);
    expect(differing(before, await keys(changed(change), folder))).toEqual(reached);
  });

  test.each([
    ['data/a.csv', [0, 2, 3, 4]],
    ['pictures/dog/1.png', [1, 3, 4]],
    ['face.onnx', [3, 4]],
    ['net.onnx', [1, 3, 4]],
  ])('with the content of %s', async (name, reached) => {
    const folder = temporaryFolder(FILES);
    const before = await keys(base(), folder);
    writeFileSync(join(folder, name), 'a,label\n2,0\n');
    expect(differing(before, await keys(base(), folder))).toEqual(reached);
  });

  test('with the name of a file in a data folder, as a class is a folder', async () => {
    const folder = temporaryFolder(FILES);
    const before = await keys(base(), folder);
    renameSync(join(folder, 'pictures/dog'), join(folder, 'pictures/wolf'));
    expect(differing(before, await keys(base(), folder))).toEqual([1, 3, 4]);
  });

  test('with the external data of a model', async () => {
    const name = 'face.bin';
    const entry = Buffer.from(`\x0a\x08location\x12${String.fromCharCode(name.length)}${name}`, 'latin1');
    const folder = temporaryFolder({ ...FILES, 'face.onnx': new Uint8Array(entry), 'face.bin': 'weights' });
    const before = await keys(base(), folder);
    writeFileSync(join(folder, name), 'other weights');
    expect(differing(before, await keys(base(), folder))).toEqual([3, 4]);
  });

  test('but not with what lies behind a link out of its folder, which is not read', async () => {
    const entry = Buffer.from('\x0a\x08location\x12\x08face.bin', 'latin1');
    const elsewhere = temporaryFolder({ secret: 'one' });
    const folder = temporaryFolder({ ...FILES, 'face.onnx': new Uint8Array(entry) });
    symlinkSync(join(elsewhere, 'secret'), join(folder, 'face.bin'));
    const before = await keys(base(), folder);
    writeFileSync(join(elsewhere, 'secret'), 'two');
    expect(differing(before, await keys(base(), folder))).toEqual([]);
  });

  test('with the value of a hashed variable, and not with another one', async () => {
    const folder = temporaryFolder(FILES);
    const [unset, one, two, other] = await Promise.all(
      [{}, { PRECISION: '1' }, { PRECISION: '2' }, { HOME: '/x', PATH: '/y' }].map((environment) =>
        keys(base(), folder, { environment }),
      ),
    );
    expect(differing(unset!, one!)).toEqual([0, 1, 2, 3, 4]);
    expect(differing(one!, two!)).toEqual([0, 1, 2, 3, 4]);
    expect(other).toEqual(unset);
  });

  test('with the revision or the code of a plugin', async () => {
    const folder = temporaryFolder(FILES);
    const builtIns = {
      stages: [fakeTrain, fakePrune, fakeEvaluate, fakeTransfer, fakeReport],
      datasets: [fakeCsv, fakeImages],
      networks: [fakeMlp],
    };
    const revised = createRegistries({
      ...builtIns,
      stages: [...builtIns.stages.filter((each) => each !== fakePrune), { ...fakePrune, revision: 4 }],
    });
    const before = await keys(base(), folder, { registries: createRegistries(builtIns) });
    expect(differing(before, await keys(base(), folder, { registries: revised }))).toEqual([2, 3, 4]);
    const external = (digest: string) =>
      createRegistries({ ...builtIns, datasets: [fakeCsv] }, [
        {
          place: null,
          identity: {
            kind: 'external',
            name: './i.ts',
            specifier: '/i.ts',
            digest,
            content: { files: {}, packages: {} },
          },
          stages: [],
          datasets: [fakeImages],
          networks: [],
          observers: [],
        },
      ]);
    const first = await keys(base(), folder, { registries: external('a') });
    expect(differing(first, await keys(base(), folder, { registries: external('b') }))).toEqual([1, 3, 4]);
  });

  test('with the machine, for stages that compute', async () => {
    const plan = await planText(stringify(base()), temporaryFolder(FILES));
    expect(differing(keysOf(plan), keysOf(plan, { ...RUNTIME, cpuClass: 'arm64' }))).toEqual([0, 1, 2, 3, 4]);
  });

  test('with the GPU, for stages that compute on it', async () => {
    const recipe = changed((r) => {
      r.stages[3].runtime = { provider: 'webgpu' };
    });
    const plan = await planText(stringify(recipe), temporaryFolder(FILES));
    const on = (gpu: string) => keysOf(plan, { ...RUNTIME, gpu });
    expect(differing(on('10de:2331'), on('8086:4680'))).toEqual([3, 4]);
  });

  test('with every value that an option can have', async () => {
    const folder = temporaryFolder(FILES);
    const plan = await planText(stringify(base()), folder);
    const cell = plan.cells[0]!;
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const options = JSON.parse(JSON.stringify({ value })) as Json;
        const key = cacheKey(keyRecord({ ...cell, keyOptions: options }, {}, RUNTIME));
        const text = canonical(options);
        expect(seen.get(key) ?? text).toBe(text);
        seen.set(key, text);
      }),
    );
  });
});

test('a record has content digests and no names, ids or paths', async () => {
  const folder = temporaryFolder(FILES);
  const plan = await planText(stringify(base()), folder);
  const fourth = plan.cells.find(({ id }) => id === 'fourth')!;
  const record = keyRecord(
    fourth,
    { teacher: 'T', student: 'S', 'option:second': 'B', 'option:face': sha256('face') },
    RUNTIME,
  );
  expect(record).toEqual({
    schema: 1,
    plugin: { name: 'transfer', revision: 1, code: null },
    options: { teachers: [{ model: 'B' }, { model: sha256('face') }] },
    inputs: { teacher: 'T', student: 'S' },
    outputs: { model: 'model', hint: 'model' },
    seed: fourth.seed,
    env: { PRECISION: null },
    runtime: RUNTIME,
  });
  for (const cell of plan.cells) {
    const digests = Object.fromEntries(Object.keys(cell.inputs).map((slot) => [slot, sha256(slot)]));
    const text = JSON.stringify(keyRecord(cell, digests, RUNTIME));
    for (const name of [
      'first',
      'second',
      'third',
      'fourth',
      'fifth',
      'table',
      'pictures',
      'small',
      'drawn',
      'face',
      folder,
    ]) {
      expect(text).not.toContain(name);
    }
  }
});

function differing(before: readonly string[], after: readonly string[]): number[] {
  return before.flatMap((key, index) => (key === after[index] ? [] : [index]));
}

function shuffled(value: Json, next: () => number): Json {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, next));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, shuffled(item as Json, next), next()] as const);
  return Object.fromEntries(entries.sort((a, b) => a[2] - b[2]).map(([key, item]) => [key, item]));
}

/** Equal numbers as equal text: JSON.stringify keeps -0 apart from 0 nowhere, and orders keys as they came. */
function canonical(value: Json): string {
  return JSON.stringify(shuffledByName(value));
}

function shuffledByName(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffledByName);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, shuffledByName(item as Json)]),
  );
}
