// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import fc from 'fast-check';

/** One change of a tree of lists and mappings. Every number is taken modulo what there is. */
export interface TreeEdit {
  readonly kind: 'replace' | 'remove' | 'rename' | 'move' | 'wrap' | 'duplicate' | 'retype';
  readonly where: number;
  readonly whither: number;
  readonly value: unknown;
  readonly name: string;
}

const VALUES = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    Number.MIN_VALUE,
    '',
    ' ',
    'a',
    '60k',
    '1%',
    '20m',
    '0',
    'null',
    '*',
    '${{ params.x }}',
  ],
  ...[
    '${{ matrix.keep }}',
    '${{ env.HOME }}',
    '[*]',
    '{cell}',
    '..',
    '/',
    '~',
    './plugin.ts',
    'x'.repeat(5000),
    'x/'.repeat(3000),
    [],
    {},
  ],
  ...[
    [[]],
    [null],
    [1, 1, 1],
    [''],
    [{}],
    { from: 'a' },
    { min: 1, max: 0 },
    { include: ['*'] },
    { a: { b: { c: 1 } } },
  ],
  Array.from({ length: 300 }, (_, i) => i),
];
const NAMES = [
  ...[
    'version',
    'params',
    'env',
    'data',
    'networks',
    'models',
    'measure',
    'stages',
    'exports',
    'plugins',
    'seed',
    'x-a',
    'id',
    'uses',
    'with',
  ],
  ...[
    'from',
    'each',
    'collect',
    'matrix',
    'include',
    'exclude',
    'needs',
    'expect',
    'timeout',
    'retry',
    'checkpoint',
    'layers',
    'file',
    'train',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '',
    ' ',
    '0',
    'a.b',
    'a[b]',
    'ä',
    'then',
    'model',
    'min',
    'maxDrop',
    'keep',
    'select',
    'overrides',
  ],
];

const edit: fc.Arbitrary<TreeEdit> = fc.record({
  kind: fc.constantFrom<TreeEdit['kind']>(
    'replace',
    'replace',
    'remove',
    'rename',
    'move',
    'wrap',
    'duplicate',
    'retype',
  ),
  where: fc.nat(1_000_000),
  whither: fc.nat(1_000_000),
  value: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...VALUES) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  ),
  name: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  ),
});

export const treeEdits: fc.Arbitrary<readonly TreeEdit[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
);

/** A changed copy. */
export function editTree(tree: unknown, edits: readonly TreeEdit[]): unknown {
  const root = { root: structuredClone(tree) };
  for (const each of edits) apply(root, each);
  return root.root;
}

type Parent = unknown[] | Record<string, unknown>;

interface Slot {
  readonly parent: Parent;
  readonly key: string | number;
}

function apply(root: Record<string, unknown>, { kind, where, whither, value, name }: TreeEdit): void {
  const slots = slotsIn(root);
  // Earlier edits may have left nothing.
  const slot = slots[where % slots.length];
  if (slot === undefined) return;
  const { parent, key } = slot;
  const here = read(parent, key);
  if (kind === 'replace') write(parent, key, structuredClone(value));
  else if (kind === 'remove') remove(parent, key);
  else if (kind === 'rename' && !Array.isArray(parent) && parent !== root) {
    remove(parent, key);
    write(parent, name, here);
  } else if (kind === 'move') {
    const target = slots[whither % slots.length]!;
    write(target.parent, target.key, structuredClone(here));
  } else if (kind === 'wrap') {
    const wrapped: Parent = whither % 2 === 0 ? [here] : {};
    if (!Array.isArray(wrapped)) write(wrapped, name, here);
    write(parent, key, wrapped);
  } else if (kind === 'duplicate') {
    if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(here));
    else write(parent, `${key}2`, structuredClone(here));
  } else if (kind === 'retype') write(parent, key, typeof here === 'string' ? Number(here) || [here] : String(here));
}

function remove(parent: Parent, key: string | number): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function read(parent: Parent, key: string | number): unknown {
  return (parent as Record<string | number, unknown>)[key];
}

/** By definition: a key such as `__proto__` is to be one like any other. */
function write(parent: Parent, key: string | number, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function slotsIn(value: unknown): Slot[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Parent;
  const keys = Array.isArray(parent) ? parent.keys() : Object.keys(parent);
  return [...keys].flatMap((key) => [{ parent, key }, ...slotsIn(read(parent, key))]);
}
