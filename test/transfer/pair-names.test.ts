import { expect, test } from 'vitest';
import { pairNames } from '../../src/transfer/pair-names.js';

const SOURCES = ['conv1.weight', 'conv2.weight', 'fc.bias'];

function pairs(targets: string[], rules?: { from: string; to: string }[]) {
  return Object.fromEntries(pairNames(SOURCES, targets, rules));
}

test('without rules equal names go together', () => {
  expect(pairs(['conv2.weight', 'head.weight'])).toEqual({ 'conv2.weight': 'conv2.weight' });
});

test('a rule rewrites names with the groups of its expression', () => {
  const rules = [{ from: 'conv(\\d)\\.(.*)', to: 'features.$1.$2' }];
  expect(pairs(['features.1.weight', 'features.2.weight'], rules)).toEqual({
    'conv1.weight': 'features.1.weight',
    'conv2.weight': 'features.2.weight',
  });
});

test('a rule that takes forever is given up', { timeout: 15_000 }, () => {
  const name = 'a'.repeat(60);
  expect(() => pairNames([`${name}!`], [name], [{ from: '(a+)+', to: 'x' }])).toThrow(/takes more than two seconds/);
});

test('a rule must match the whole name', () => {
  expect(() => pairs(['x'], [{ from: 'conv', to: 'x' }])).toThrowErrorMatchingInlineSnapshot(
    `[UserError: "conv" under map matches no tensor of the source, which has conv1.weight, conv2.weight, fc.bias. A rule must match a whole name: "conv.*", not "conv".]`,
  );
});

test('the first rule that matches decides', () => {
  const rules = [
    { from: 'conv1.*', to: 'first' },
    { from: '(conv.*)', to: '$1' },
  ];
  expect(pairs(['first', 'conv2.weight'], rules)).toEqual({ 'conv1.weight': 'first', 'conv2.weight': 'conv2.weight' });
});

test('a rule that earlier ones leave nothing to is refused', () => {
  const rules = [
    { from: '(.*)', to: '$1' },
    { from: 'fc.bias', to: 'head' },
  ];
  expect(() => pairs([...SOURCES, 'head'], rules)).toThrow('The rule "fc.bias" under map never applies');
});

test('a rule whose names the target does not have is refused', () => {
  expect(() => pairs(['a', 'b'], [{ from: 'fc.(.*)', to: 'head.$1' }])).toThrowErrorMatchingInlineSnapshot(
    `[UserError: The rule from "fc.(.*)" to "head.$1" under map gives no name that the target has. The target has a, b.]`,
  );
});

test('two sources for one target are refused', () => {
  expect(() => pairs(['w'], [{ from: 'conv.*', to: 'w' }])).toThrow(
    'map sends both "conv1.weight" and "conv2.weight" to "w".',
  );
});

test('a broken expression is refused', () => {
  expect(() => pairs(['w'], [{ from: 'conv(', to: 'w' }])).toThrow('"conv(" under map is no regular expression');
});
