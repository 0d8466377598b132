import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Labels, type LabelValue, labelText } from '../../src/recipe/labels.js';
import { expandMatrix, type Matrix, matrixSize } from '../../src/recipe/matrix.js';

interface Sketch {
  readonly lists?: Matrix['lists'];
  readonly include?: readonly Labels[];
  readonly exclude?: readonly Labels[];
}

/** Labels of the cells as texts, or the complaints about the matrix. */
function expand({ lists = {}, include = [], exclude = [] }: Sketch, followed: readonly Labels[] | null = null) {
  const complaints: string[] = [];
  const cells = expandMatrix({
    matrix: { lists, include, exclude },
    followed: followed === null ? null : { stage: 'base', cells: followed },
    report: (path, target, problem, fix) => complaints.push(`${path.join('.')} ${target}: ${problem} ${fix}`.trim()),
  });
  return complaints.length > 0 ? complaints : cells.map(labelText);
}

describe('a matrix', () => {
  test('has every combination of its lists, the last list fastest', () => {
    expect(expand({ lists: { keep: [0.2, 0.1], bits: [8, 4] } })).toEqual([
      'bits=8,keep=0.2',
      'bits=4,keep=0.2',
      'bits=8,keep=0.1',
      'bits=4,keep=0.1',
    ]);
    expect(matrixSize({ lists: { a: [1, 2], b: [1, 2, 3] }, include: [], exclude: [] })).toBe(6);
  });

  test('leaves out what matches an entry of exclude in all that the entry says', () => {
    const lists = { os: ['a', 'b'], version: [1, 2] };
    expect(expand({ lists, exclude: [{ os: 'a', version: 2 }, { os: 'b' }] })).toEqual(['os=a,version=1']);
  });

  // The example of "Expanding or adding matrix configurations" in the documentation of GitHub Actions, without the entry
  // { color: green } that a later one overrules there.
  test('is extended by include as on GitHub Actions', () => {
    const include = [
      { color: 'pink', animal: 'cat' },
      { fruit: 'apple', shape: 'circle' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ];
    expect(expand({ lists: { fruit: ['apple', 'pear'], animal: ['cat', 'dog'] }, include })).toEqual([
      'animal=cat,color=pink,fruit=apple,shape=circle',
      'animal=dog,fruit=apple,shape=circle',
      'animal=cat,color=pink,fruit=pear',
      'animal=dog,fruit=pear',
      'fruit=banana',
      'animal=cat,fruit=banana',
    ]);
  });

  test('may consist of include alone', () => {
    expect(expand({ include: [{ site: 'a', zone: 1 }, { site: 'b' }] })).toEqual(['site=a,zone=1', 'site=b']);
  });

  test('may get back by include what exclude took', () => {
    expect(expand({ lists: { a: [1, 2] }, exclude: [{ a: 2 }], include: [{ a: 2, b: 3 }] })).toEqual(
      ['a=1', 'a=2,b=3'].sort(),
    );
  });
});

describe('a matrix of a stage that follows another', () => {
  const followed = [{ keep: 0.2 }, { keep: 0.1 }];

  test('multiplies the cells that are followed', () => {
    expect(expand({ lists: { bits: [8, 4] } }, followed)).toEqual([
      'bits=8,keep=0.2',
      'bits=4,keep=0.2',
      'bits=8,keep=0.1',
      'bits=4,keep=0.1',
    ]);
  });

  test('may name their labels in exclude and include', () => {
    const exclude = [{ keep: 0.2, bits: 4 }];
    const include = [
      { keep: 0.1, bits: 2 },
      { keep: 0.2, fast: true },
    ];
    expect(expand({ lists: { bits: [8, 4] }, exclude, include }, followed)).toEqual([
      'bits=8,fast=true,keep=0.2',
      'bits=8,keep=0.1',
      'bits=4,keep=0.1',
      'bits=2,keep=0.1',
    ]);
  });

  test('may only leave some of them out', () => {
    expect(expand({ exclude: [{ keep: 0.2 }] }, followed)).toEqual(['keep=0.1']);
  });
});

describe('a matrix is refused', () => {
  const lists = { keep: [0.2, 0.1], bits: [8, 4] };

  test.each<readonly [string, Sketch, readonly string[]]>([
    [
      'with a value twice',
      { lists: { keep: [0.1, 0.2, 0.1] } },
      ['keep.2 value: 0.1 is in this list twice. Remove one.'],
    ],
    [
      'if exclude matches nothing',
      { lists, exclude: [{ keep: 0.3 }, { kep: 0.1 }, { keep: 0.1, bits: 16 }] },
      [
        'exclude.0.keep value: No cell has keep=0.3. "keep" is 0.2 or 0.1.',
        'exclude.1.kep key: "kep" is no key of this matrix. Did you mean "keep"?',
        'exclude.2.bits value: No cell has bits=16. "bits" is 8 or 4.',
      ],
    ],
    [
      'if exclude leaves nothing',
      { lists, exclude: [{ keep: 0.2 }, { keep: 0.1 }] },
      ['exclude key: "exclude" leaves nothing of this matrix. Exclude less.'],
    ],
    [
      'if an entry of include has no effect',
      { lists, include: [{ keep: 0.1, bits: 8 }] },
      ['include.0 value: bits=8,keep=0.1 is in this matrix already. Remove this entry, or let it add a key.'],
    ],
    [
      'if include makes a combination twice',
      { lists, include: [{ keep: 0.3 }, { keep: 0.3 }] },
      ['include key: "include" makes keep=0.3 twice. Remove one.'],
    ],
    [
      'if two entries of include contradict each other',
      { lists: { keep: [0.1] }, include: [{ rate: 1 }, { rate: 2, keep: 0.1 }] },
      [
        'include.1.rate value: Two entries of "include" give keep=0.1 another "rate": 1 and 2. Let only one of them match it.',
      ],
    ],
  ])('%s', (_, sketch, complaints) => {
    expect(expand(sketch)).toEqual(complaints);
  });

  test('if a list has the name of a label that is followed, or include names none of the cells', () => {
    const followed = [{ keep: 0.2 }];
    expect(expand({ lists: { keep: [1] } }, followed)).toEqual([
      'keep key: "keep" comes from the cells of "base" already. Give this list another name, or leave it out.',
    ]);
    expect(expand({ lists: { bits: [8] }, include: [{ keep: 0.3, bits: 4 }] }, followed)).toEqual([
      'include.0.keep value: No cell has keep=0.3. "keep" is 0.2.',
    ]);
  });
});

test('the order of lists and entries changes nothing but the order of the cells', () => {
  const value: fc.Arbitrary<LabelValue> = fc.constantFrom(1, 2, 'x', true);
  const entry = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'new'), value, { minKeys: 1 }) as fc.Arbitrary<Labels>;
  const list = fc.uniqueArray(value, { minLength: 1 });
  const sketch = fc.record({
    lists: fc.dictionary(fc.constantFrom('a', 'b'), list, { minKeys: 1 }),
    include: fc.array(entry, { maxLength: 3 }),
    exclude: fc.array(entry, { maxLength: 2 }),
  });
  const reversed = ({
    lists,
    include,
    exclude,
  }: {
    lists: Record<string, LabelValue[]>;
    include: Labels[];
    exclude: Labels[];
  }) => ({
    lists: Object.fromEntries(
      Object.entries(lists)
        .reverse()
        .map(([key, values]) => [key, [...values].reverse()]),
    ),
    include: [...include].reverse(),
    exclude: [...exclude].reverse(),
  });
  let faultless = 0;
  fc.assert(
    fc.property(sketch, (one) => {
      const cells = expand(one);
      const turned = expand(reversed(one));
      if (cells.some((text) => / (key|value): /.test(text))) {
        expect(turned.some((text) => / (key|value): /.test(text))).toBe(true);
        return;
      }
      faultless++;
      expect(turned.sort()).toEqual(cells.sort());
      expect(new Set(cells).size).toBe(cells.length);
    }),
    { numRuns: 1000 },
  );
  expect(faultless).toBeGreaterThan(50);
});
