import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../../src/core/canonical-json.js';
import { digestOf, sha256 } from '../../src/core/hash.js';
import type { KeyedRecord } from '../../src/plan/changes.js';
import { explainChanges, summarizeChanges } from '../../src/plan/explain.js';

type Mapping = { [key: string]: Json };
type Path = readonly (string | number)[];

const FILES = { '.': sha256('entry'), 'helper.ts': sha256('helper') };
const DATA_SET = {
  uses: 'idx',
  revision: 1,
  code: null,
  options: { train: { images: { file: sha256('images') } }, split: { validation: 180 } },
};
const NETWORK = { revision: 1, layers: [{ conv: { filters: 16 } }, 'relu', { linear: 10 }], input: [1, 8, 8] };
const SEED = { seed: 7, cell: 'pruned' };
const FOLDER = { files: { 'cat/1.png': sha256('cat'), 'dog/1.png': sha256('dog') } };

/** A key record in which each kind of digest occurs, with its contents given in full under that digest's place. */
const tree = () => ({
  schema: 1,
  plugin: { name: 'my-prune', revision: 3, code: { files: { ...FILES }, packages: { pad: '1.0.0' } } },
  options: {
    lambda: 0.0001,
    method: 'proximal',
    select: { exclude: ['fc2'] },
    optimizer: { sgd: { lr: 0.1 } },
    data: { dataset: structuredClone(DATA_SET) },
    network: { network: structuredClone(NETWORK) },
    pictures: { folder: structuredClone(FOLDER) },
    mask: { file: sha256('mask') },
    against: { model: sha256('other model') },
  },
  inputs: { model: sha256('model') },
  outputs: { model: 'model' },
  seed: structuredClone(SEED),
  env: { PRECISION: 'high' },
  runtime: { onnxruntime: '1.29.0', provider: 'cpu', cpuClass: 'x64-avx2' },
});

const NAMES = {
  '/plugin/code': './my-prune.ts',
  '/options/data': 'digits',
  '/options/network': 'small',
  '/options/pictures': './pictures',
  '/options/mask': './mask.npy',
  '/options/against': 'baseline',
  '/inputs/model': 'baseline',
};

/** Where `tree` holds contents that a key record holds the digest of. */
const HASHED: readonly Path[] = [
  ['plugin', 'code'],
  ['options', 'data', 'dataset'],
  ['options', 'network', 'network'],
  ['options', 'pictures', 'folder'],
  ['seed'],
];

/** The key record of a tree: contents replaced by digests, which the details explain. */
function keyed(full: Json, names: Record<string, string> = NAMES): KeyedRecord {
  const record = structuredClone(full) as Mapping;
  const contents: Record<string, Json> = {};
  for (const path of HASHED) {
    const content = at(record, path);
    if (typeof content !== 'object') continue;
    const digest = digestOf(content!);
    contents[digest] = content!;
    setAt(record, path, digest);
  }
  return { record, details: { contents, names } };
}

function at(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const part of path) here = (here as Mapping | undefined)?.[part];
  return here;
}

/** Undefined removes the key. */
function setAt(value: Json, path: Path, to: Json | undefined): void {
  const owner = at(value, path.slice(0, -1)) as Mapping;
  if (to === undefined) delete owner[path.at(-1)!];
  else owner[path.at(-1)!] = to;
}

/** The one change after setting a field of the tree; undefined removes it. */
function change(path: Path, to: Json | undefined) {
  const full = tree();
  setAt(full as unknown as Json, path, to);
  const changes = explainChanges(keyed(tree() as unknown as Json), keyed(full as unknown as Json));
  expect(changes).toHaveLength(1);
  return changes[0]!;
}

describe('a change is told by its field', () => {
  it.each<[Path, Json | undefined, string]>([
    [['options', 'lambda'], 0.0002, 'options.lambda 0.0001 → 0.0002'],
    [['options', 'method'], 'subgradient', 'options.method proximal → subgradient'],
    [['options', 'method'], 'null', 'options.method proximal → "null"'],
    [['options', 'target'], 0.9, 'options.target not set → 0.9'],
    [['options', 'lambda'], undefined, 'options.lambda 0.0001 → not set'],
    [['options', 'optimizer', 'sgd', 'lr'], 0.2, 'options.optimizer.sgd.lr 0.1 → 0.2'],
    [['options', 'select', 'exclude'], ['fc1', 'fc2'], 'options.select.exclude ["fc2"] → ["fc1","fc2"]'],
    [['plugin', 'code', 'files', 'helper.ts'], sha256('x'), 'plugin code ./my-prune.ts: helper.ts edited'],
    [['plugin', 'code', 'files', 'new.ts'], sha256('x'), 'plugin code ./my-prune.ts: new.ts added'],
    [['plugin', 'code', 'files', '.'], sha256('x'), 'plugin code ./my-prune.ts edited'],
    [['plugin', 'code', 'packages', 'pad'], '1.1.0', 'plugin code ./my-prune.ts: package pad 1.0.0 → 1.1.0'],
    [['plugin', 'revision'], 4, 'plugin revision 3 → 4'],
    [['plugin', 'name'], 'prune', 'plugin my-prune → prune'],
    [
      ['options', 'data', 'dataset', 'options', 'train', 'images', 'file'],
      sha256('x'),
      'data set digits: train.images: content changed',
    ],
    [
      ['options', 'data', 'dataset', 'options', 'split', 'validation'],
      200,
      'data set digits: split.validation 180 → 200',
    ],
    [['options', 'data', 'dataset', 'revision'], 2, 'data set digits: revision 1 → 2'],
    [
      ['options', 'network', 'network', 'layers', 0, 'conv', 'filters'],
      32,
      'network small: layers[0].conv.filters 16 → 32',
    ],
    [
      ['options', 'pictures', 'folder', 'files', 'dog/2.png'],
      sha256('x'),
      'options.pictures ./pictures: dog/2.png added',
    ],
    [
      ['options', 'pictures', 'folder', 'files', 'cat/1.png'],
      sha256('x'),
      'options.pictures ./pictures: cat/1.png changed',
    ],
    [['options', 'mask', 'file'], sha256('x'), 'options.mask ./mask.npy: content changed'],
    [['options', 'against', 'model'], sha256('x'), 'options.against: baseline produced other bytes'],
    [['inputs', 'model'], sha256('x'), 'input model: baseline produced other bytes'],
    [['seed', 'seed'], 8, 'seed 7 → 8'],
    [['seed', 'cell'], 'small', 'id pruned → small'],
    [['env', 'PRECISION'], null, 'env PRECISION high → null'],
    [['runtime', 'onnxruntime'], '1.30.0', 'onnxruntime 1.29.0 → 1.30.0'],
    [['runtime', 'cpuClass'], 'x64-avx512', 'CPU class x64-avx2 → x64-avx512'],
    [['runtime', 'provider'], 'webgpu', 'execution provider cpu → webgpu'],
    [['runtime', 'gpu'], '8086:4680', 'GPU not set → "8086:4680"'],
  ])('%j = %j', (path, to, text) => {
    expect(change(path, to).text).toBe(text);
  });

  it('that names another model, data set or file instead of saying how their contents differ', () => {
    const before = keyed(tree() as unknown as Json);
    const full = tree();
    full.inputs.model = sha256('x');
    full.options.data.dataset = { ...DATA_SET, uses: 'csv', revision: 9 };
    const names = { ...NAMES, '/inputs/model': 'sparse', '/options/data': 'faces' };
    expect(explainChanges(before, keyed(full as unknown as Json, names)).map(({ text }) => text)).toEqual([
      'input model: sparse instead of baseline',
      'options.data digits → faces',
    ]);
  });

  it('as far as it is known what digests stand for', () => {
    const [before, after] = [tree(), tree()];
    after.options.data.dataset.options.split.validation = 200;
    after.plugin.code.files['helper.ts'] = sha256('x');
    after.seed.seed = 8;
    const bare = (full: ReturnType<typeof tree>) => ({ record: keyed(full as unknown as Json).record, details: null });
    expect(explainChanges(bare(before), bare(after)).map(({ text }) => text)).toEqual([
      'options.data: content changed',
      'plugin code edited',
      'seed changed',
    ]);
  });
});

it('three changes are told in a line, and how many there are besides', () => {
  const changes = ['a', 'b', 'c', 'd', 'e'].map((text) => ({ text }));
  expect(summarizeChanges(changes.slice(0, 3))).toBe('a; b; c');
  expect(summarizeChanges(changes)).toBe('a; b; c; 2 more');
});

describe('every single-field mutation of a key record', () => {
  const scalar = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.string({ maxLength: 12 }),
  );
  const name = fc.stringMatching(/^[a-z]{2,6}$/).filter((text) => !NAMED.has(text));
  const { value: options } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(scalar, { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const record = fc
    .record({ own: fc.dictionary(name, options, { maxKeys: 5 }), data: fc.dictionary(name, options, { maxKeys: 3 }) })
    .map(({ own, data }) => {
      const full = tree() as unknown as Mapping;
      full.options = { ...(full.options as Mapping), ...own };
      setAt(full, ['options', 'data', 'dataset', 'options'], data);
      return full;
    });

  it('is named exactly, with its old and its new value', () => {
    fc.assert(
      fc.property(record, fc.nat(), scalar, fc.boolean(), (full, which, value, removes) => {
        const leaves = leavesOf(full, []);
        const path = leaves[which % leaves.length]!;
        const before = at(full, path)!;
        const isDigest = typeof before === 'string' && /^[0-9a-f]{64}$/.test(before);
        // What has to be there stays there; what is a digest stays one.
        const canGo =
          path[0] === 'options' &&
          path.length > 1 &&
          !isDigest &&
          !HASHED.some((each) => each.join() === path.slice(0, -1).join());
        const after = removes && canGo ? undefined : isDigest ? sha256(canonicalJson(value)) : value;
        fc.pre(after === undefined || canonicalJson(after) !== canonicalJson(before));
        const mutated = structuredClone(full);
        setAt(mutated, path, after);

        const changes = explainChanges(keyed(full), keyed(mutated));
        expect(changes.map((change) => change.path)).toEqual([path]);
        expect(changes[0]).toMatchObject({ before, after });
        if (!isDigest && path.at(-1) !== 'code') {
          const last = path.at(-1)!;
          if (path[0] === 'options') expect(changes[0]!.text).toContain(String(last));
          expect(changes[0]!.text).toMatch(/ → /);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Names whose meaning an option of a test must not take over. */
const NAMED = new Set([
  'file',
  'files',
  'folder',
  'model',
  'code',
  'data',
  'dataset',
  'network',
  'mask',
  'lambda',
  'method',
  'select',
  'against',
  'options',
  'pictures',
  'optimizer',
  'target',
]);

/** Paths of all values that are told whole: scalars, and lists of nothing else. */
function leavesOf(value: Json, path: Path): Path[] {
  const isPlain = (item: Json) => typeof item !== 'object' || item === null;
  if (isPlain(value) || (Array.isArray(value) && value.every(isPlain))) return [path];
  return Object.entries(value as Mapping).flatMap(([key, item]) =>
    leavesOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
