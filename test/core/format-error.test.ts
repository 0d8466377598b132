import { expect, test } from 'vitest';
import { UserError, UserErrors } from '../../src/core/errors.js';
import { formatUserError } from '../../src/core/format-error.js';

test('a mistake in a text shows place, problem, line, squiggle, fix and code', () => {
  const error = new UserError('RECIPE_UNKNOWN_KEY', '"ratoi" is not an option of prune.', 'Did you mean "ratio"?', {
    place: {
      kind: 'text',
      file: '/home/u/pipelines/lenet.yaml',
      line: 4,
      column: 7,
      length: 5,
      source: '      ratoi: 0.5',
    },
  });
  expect(formatUserError(error, { folder: '/home/u' })).toMatchInlineSnapshot(`
    "pipelines/lenet.yaml:4:7 "ratoi" is not an option of prune.
          ratoi: 0.5
          ~~~~~
    Did you mean "ratio"?  [RECIPE_UNKNOWN_KEY]"
  `);
});

test('a file outside the folder is shown whole', () => {
  const place = { kind: 'file', file: '/etc/x.onnx' } as const;
  expect(formatUserError(new UserError('A', 'Broken.', '', { place }), { folder: '/home/u' })).toBe(
    '/etc/x.onnx: Broken.\n[A]',
  );
});

test('a mistake in a graph names node, operator and tensor', () => {
  const place = { kind: 'graph', node: 'conv2', opType: 'Conv', tensor: 'input W [64,3,3,3]' } as const;
  expect(formatUserError(new UserError('A', 'No gradient.', 'Freeze it.', { place }))).toBe(
    'conv2 (Conv), input W [64,3,3,3]: No gradient.\nFreeze it.  [A]',
  );
});

test('an error without a place is problem, fix and code', () => {
  expect(formatUserError(new UserError('A', 'No.', 'Yes.'))).toBe('No.\nYes.  [A]');
});

test('several errors are separated by an empty line', () => {
  const errors = new UserErrors([new UserError('A', 'One.', ''), new UserError('B', 'Two.', '')]);
  expect(formatUserError(errors)).toBe('One.\n[A]\n\nTwo.\n[B]');
});

test('a long line is cut around the mistake, and the squiggle stays under it', () => {
  const source = `${'a'.repeat(300)} wrong ${'b'.repeat(300)}`;
  const place = { kind: 'text', file: 'r.yaml', line: 1, column: 302, length: 5, source } as const;
  const [, line, squiggle] = formatUserError(new UserError('A', 'No.', '', { place })).split('\n');
  expect(line!.length).toBeLessThan(120);
  expect(line!.slice(squiggle!.indexOf('~'), squiggle!.length)).toBe('wrong');
});

test('tabs before the mistake keep their width in the squiggle', () => {
  const place = { kind: 'text', file: 'r.yaml', line: 1, column: 3, length: 1, source: '\t\tx' } as const;
  expect(formatUserError(new UserError('A', 'No.', '', { place })).split('\n')[2]).toBe('\t\t~');
});
