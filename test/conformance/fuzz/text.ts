// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import fc from 'fast-check';

/** Pieces that mean something to YAML, to the recipe language, or to JavaScript. */
const PIECES = [
  ...[
    '&a ',
    '*a',
    '*b',
    '<<: *a',
    '- ',
    ': ',
    ' #',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|',
    '>',
    '? ',
    '---',
    '...',
    '\t',
    '\r',
    '\n',
  ],
  ...[
    '!!binary ',
    '!!set ',
    '!x ',
    '%YAML 1.1\n',
    '\uFEFF',
    '\u2028',
    '\u0000',
    '\u001b[31m',
    '"\\0"',
    '"\\e]0;x\\a"',
    '\ud800',
  ],
  ...[
    '${{',
    '}}',
    '${{ params.epochs }}',
    '${{ matrix.keep }}',
    '${{ env.HOME }}',
    '${{ params.',
    '{cell}',
    '[*]',
    '.model',
  ],
  ...[
    'null',
    'true',
    '~',
    '.nan',
    '.inf',
    '-0',
    '1e309',
    '0x7fffffffffffffff',
    '99999999999999999999',
    '1_000',
    '2026-11-24',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'then',
    'length',
    '0',
    '-1',
    '60k',
    '1%',
    '20m',
    '1e-400',
    '../..',
    '/',
    '/dev/zero',
  ],
  ...[
    'version: 1',
    'version: 2',
    'stages:',
    'matrix: { keep: [1, 2] }',
    'each: pruned',
    'from: [a]',
    'uses: train',
    'with: {}',
  ],
];

/** One change of a text. Every number is taken modulo what there is. */
export interface TextEdit {
  readonly kind: 'insert' | 'delete' | 'copy' | 'swap lines' | 'indent' | 'repeat' | 'nest' | 'truncate' | 'borrow';
  readonly at: number;
  readonly length: number;
  readonly piece: string;
  readonly times: number;
}

const edit: fc.Arbitrary<TextEdit> = fc.record({
  kind: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom<TextEdit['kind']>('insert', 'delete', 'copy', 'swap lines', 'indent', 'borrow'),
    },
    { weight: 1, arbitrary: fc.constantFrom<TextEdit['kind']>('repeat', 'nest', 'truncate') },
  ),
  at: fc.nat(1_000_000),
  length: fc.oneof({ weight: 3, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(400) }),
  piece: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  ),
  times: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 3000 }) },
  ),
});

export const textEdits: fc.Arbitrary<readonly TextEdit[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
);

/** @param other a text to take lines from */
export function editText(text: string, edits: readonly TextEdit[], other: string): string {
  return edits.reduce((here, each) => apply(here, each, other), text);
}

function apply(text: string, { kind, at, length, piece, times }: TextEdit, other: string): string {
  const start = text.length === 0 ? 0 : at % text.length;
  const end = Math.min(text.length, start + length);
  const replace = (by: string, to = start) => text.slice(0, start) + by + text.slice(to);
  switch (kind) {
    case 'insert':
      return replace(piece);
    case 'delete':
      return replace('', end);
    case 'copy':
      return replace(text.slice(start, end), start);
    case 'repeat':
      return replace(piece.repeat(times));
    case 'nest':
      return replace(`${'['.repeat(times)}${']'.repeat(times)}`);
    case 'truncate':
      return text.slice(0, start);
    default:
      return editLines(text, kind, { at, length, other });
  }
}

function editLines(
  text: string,
  kind: 'swap lines' | 'indent' | 'borrow',
  { at, length, other }: { readonly at: number; readonly length: number; readonly other: string },
): string {
  const lines = text.split('\n');
  const i = at % lines.length;
  if (kind === 'indent') lines[i] = length % 2 === 0 ? `  ${lines[i]}` : lines[i]!.replace(/^ {1,2}/, '');
  else if (kind === 'borrow') {
    const from = other.split('\n');
    lines.splice(i, length % 3, ...from.slice(at % from.length, (at % from.length) + (length % 5)));
  } else {
    const j = (at + length + 1) % lines.length;
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }
  return lines.join('\n');
}
