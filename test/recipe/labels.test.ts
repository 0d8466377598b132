import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agree, cellId, isPart, type Labels, labelText } from '../../src/recipe/labels.js';

describe('the text of labels', () => {
  test('has its keys sorted', () => {
    expect(labelText({ keep: 0.1, bits: 8 })).toBe('bits=8,keep=0.1');
    expect(cellId('pruned', { keep: 0.1 })).toBe('pruned[keep=0.1]');
    expect(cellId('pruned', {})).toBe('pruned');
  });

  test('quotes what would read as another value or as the end of a label', () => {
    const texts = ['a', 'a-b.c/d', '5%', '1', '0x1', 'true', 'x y', 'a,b', 'a]', '', 1, 1e21, true];
    expect(texts.map((v) => labelText({ v }))).toEqual([
      'v=a',
      'v=a-b.c/d',
      'v=5%',
      'v="1"',
      'v="0x1"',
      'v="true"',
      'v="x y"',
      'v="a,b"',
      'v="a]"',
      'v=""',
      'v=1',
      'v=1e+21',
      'v=true',
    ]);
  });

  const labels = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom(0.1, 1, true, 'true', '1', 'x=1,b')),
  );

  test('is equal for equal labels, and for no others', () => {
    fc.assert(
      fc.property(labels, labels, (one, other) => {
        const isSame = isPart(one as Labels, other as Labels) && isPart(other as Labels, one as Labels);
        expect(labelText(one as Labels) === labelText(other as Labels)).toBe(isSame);
      }),
    );
  });
});

test('labels agree unless they have different values for one key', () => {
  expect(agree({ a: 1, b: 2 }, { b: 2, c: 3 })).toBe(true);
  expect(agree({ a: 1 }, {})).toBe(true);
  expect(agree({ a: 1 }, { a: '1' })).toBe(false);
});
