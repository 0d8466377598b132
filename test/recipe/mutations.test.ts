// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserErrors } from '../../src/core/errors.js';
import { planText } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { GOOD_FILES, GOOD_RECIPE, SWEEP_RECIPE } from './good-recipe.js';

/**
 * Every word of the recipe whose misspelling Lathe must notice, as `line text` and the word in it.
 * A misspelt word must be reported at its own line and column, with the right word as the suggestion.
 */
const WORDS: readonly (readonly [line: string, word: string])[] = [
  // Keys of the document and its sections.
  ['version: 1', 'version'],
  ['name: everything', 'name'],
  ['seed: 7', 'seed'],
  ['params:', 'params'],
  ['env:', 'env'],
  ['  hash: [LATHE_PRECISION]', 'hash'],
  ['  pass: [HOME]', 'pass'],
  ['data:', 'data'],
  ['    uses: csv', 'uses'],
  ['    with:', 'with'],
  ['networks:', 'networks'],
  ['    layers: [{ linear: 64 }, relu, { linear: 10 }]', 'layers'],
  ['    input: [1, 8, 8]', 'input'],
  ['    uses: mlp', 'uses'],
  ['models:', 'models'],
  ['    file: face.onnx', 'file'],
  ['measure:', 'measure'],
  ['  data: digits', 'data'],
  ['stages:', 'stages'],
  ['  - id: baseline', 'id'],
  ['    uses: train', 'uses'],
  ['    timeout: 20m', 'timeout'],
  ['    from: student', 'from'],
  ['    needs: [pruned]', 'needs'],
  ['    expect:', 'expect'],
  ['exports:', 'exports'],
  ['    to: out/model.onnx', 'to'],
  // Limits and metrics.
  ['      accuracy: { min: 88%, maxDrop: 0.01, from: baseline }', 'accuracy'],
  ['      accuracy: { min: 88%, maxDrop: 0.01, from: baseline }', 'min'],
  ['      accuracy: { min: 88%, maxDrop: 0.01, from: baseline }', 'maxDrop'],
  ['      accuracy: { min: 88%, maxDrop: 0.01, from: baseline }', 'baseline'],
  ['      gzipBytes: { max: 60k }', 'gzipBytes'],
  ['      gzipBytes: { max: 60k }', 'max'],
  // Kinds of stages, readers, networks and layers.
  ['    uses: train', 'train'],
  ['    uses: prune', 'prune'],
  ['    uses: transfer', 'transfer'],
  ['    uses: evaluate', 'evaluate'],
  ['    uses: csv', 'csv'],
  ['    uses: mlp', 'mlp'],
  ['  pictures: { uses: images, with: { folder: images } }', 'images'],
  ['    layers: [{ linear: 64 }, relu, { linear: 10 }]', 'linear'],
  ['    layers: [{ linear: 64 }, relu, { linear: 10 }]', 'relu'],
  // Options, at every depth.
  ['      network: small', 'network'],
  ['      data: digits', 'data'],
  ['      epochs: "${{ params.epochs }}"', 'epochs'],
  ['      batch: 32', 'batch'],
  ['      optimizer: { sgd: { lr: 0.05, momentum: 0.9 } }', 'optimizer'],
  ['      optimizer: { sgd: { lr: 0.05, momentum: 0.9 } }', 'sgd'],
  ['      optimizer: { sgd: { lr: 0.05, momentum: 0.9 } }', 'momentum'],
  ['      target: 97%', 'target'],
  ['      scope: "${{ params.method }}"', 'scope'],
  ['      select: { exclude: [fc2] }', 'select'],
  ['      select: { exclude: [fc2] }', 'exclude'],
  ['    with: { teachers: [baseline, face] }', 'teachers'],
  ['      against: baseline', 'against'],
  ['      validation: 20%', 'validation'],
  ['    with: { hidden: [64, 32] }', 'hidden'],
  // Values: words, references, names.
  ['      keep: best', 'best'],
  ['      epochs: "${{ params.epochs }}"', 'params'],
  ['      network: small', 'small'],
  ['      data: digits', 'digits'],
  ['  data: digits', 'digits'],
  ['      teacher: baseline', 'teacher'],
  ['      teacher: baseline', 'baseline'],
  ['      student: pruned', 'pruned'],
  ['    with: { teachers: [baseline, face] }', 'face'],
  ['    needs: [pruned]', 'pruned'],
  ['      against: baseline', 'baseline'],
  ['    from: student', 'student'],
  ['    from: check', 'check'],
  ['      file: data/digits.csv', 'digits.csv'],
  ['    file: face.onnx', 'face.onnx'],
];

/** The same for the words of a sweep. */
const SWEEP_WORDS: readonly (readonly [line: string, word: string])[] = [
  ['    matrix:', 'matrix'],
  ['      include: [{ keep: 5%, scope: global }]', 'include'],
  ['      exclude: [{ keep: 20%, scope: global }]', 'exclude'],
  ['      exclude: [{ keep: 20%, scope: global }]', 'keep'],
  ['      exclude: [{ keep: 20%, scope: global }]', 'scope'],
  ['      keep: "${{ matrix.keep }}"', 'matrix'],
  ['      keep: "${{ matrix.keep }}"', 'keep'],
  ['    each: pruned', 'each'],
  ['    each: pruned', 'pruned'],
  ['    collect: check', 'collect'],
  ['    collect: check', 'check'],
  ['    with: { maximize: accuracy }', 'maximize'],
  ['    with: { maximize: accuracy }', 'accuracy'],
  ['    from: pruned[keep=10%,scope=global]', 'pruned'],
  ['  chosen: { from: best, to: best.onnx }', 'best'],
];

/** A word with one slip of the fingers: a letter doubled, dropped, swapped with its neighbour, or replaced. */
const slip = fc.record({
  kind: fc.constantFrom('double', 'drop', 'swap', 'replace'),
  at: fc.nat(),
  letter: fc.constantFrom(...'qxzjkv'),
});

function misspell(word: string, { kind, at, letter }: { kind: string; at: number; letter: string }): string {
  const i = at % word.length;
  if (kind === 'drop' && word.length > 3) return word.slice(0, i) + word.slice(i + 1);
  if (kind === 'swap' && i + 1 < word.length && word[i] !== word[i + 1]) {
    return word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2);
  }
  if (kind === 'replace' && word.length > 3) return word.slice(0, i) + letter + word.slice(i + 1);
  return word.slice(0, i) + word[i] + word.slice(i);
}

/** 1-based place of a word in a line of the recipe; the last one on the line where the line has it twice. */
function placeOf(line: string, word: string, text: string): { line: number; column: number } {
  const index = text.split('\n').indexOf(line);
  if (index < 0) throw new Error(`no line ${line}`);
  const key = new RegExp(`(?<![\\w])${word.replaceAll('.', '\\.')}(?![\\w])`);
  const found = key.exec(line);
  if (found === null) throw new Error(`no ${word} in ${line}`);
  return { line: index + 1, column: found.index + 1 };
}

const SEED = 20240607;
const SLIPS = fc.sample(slip, { seed: SEED, numRuns: 2 * WORDS.length });
const CASES = mutationsOf(WORDS, SLIPS);
const SWEEP_CASES = mutationsOf(SWEEP_WORDS, fc.sample(slip, { seed: SEED + 1, numRuns: 2 * SWEEP_WORDS.length }));

function mutationsOf(words: typeof WORDS, slips: typeof SLIPS) {
  return words.flatMap(([line, word], index) => {
    const misspelt = [...new Set([misspell(word, slips[2 * index]!), misspell(word, slips[2 * index + 1]!)])];
    return misspelt.filter((each) => each !== word).map((each) => [word, each, line.trim(), line] as const);
  });
}

test('there are at least 100 mutations', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(100);
});

test('the recipe is faultless before it is mutated', async () => {
  const folder = temporaryFolder(GOOD_FILES);
  expect((await planText(GOOD_RECIPE, folder)).cells.map(({ id }) => id)).toEqual([
    'baseline',
    'baseline.measure',
    'pruned',
    'pruned.measure',
    'student',
    'student.measure',
    'check',
  ]);
});

test('so is the one of a sweep', async () => {
  const cells = (await planText(SWEEP_RECIPE, temporaryFolder(GOOD_FILES))).cells.map(({ id }) => id);
  expect(cells).toHaveLength(1 + 2 * 4 + 2);
});

test.each(CASES)(`"%s" misspelt as "%s" in "%s" (seed ${SEED})`, async (word, misspelt, _, line) => {
  await expectSuggestion(GOOD_RECIPE, word, misspelt, line);
});

test.each(SWEEP_CASES)(
  `"%s" misspelt as "%s" in "%s" of a sweep (seed ${SEED + 1})`,
  async (word, misspelt, _, line) => {
    await expectSuggestion(SWEEP_RECIPE, word, misspelt, line);
  },
);

async function expectSuggestion(recipe: string, word: string, misspelt: string, line: string): Promise<void> {
  const place = placeOf(line, word, recipe);
  const lines = recipe.split('\n');
  const at = place.column - 1;
  lines[place.line - 1] = line.slice(0, at) + misspelt + line.slice(at + word.length);
  const folder = temporaryFolder(GOOD_FILES);
  const error = await planText(lines.join('\n'), folder).then(
    () => new Error('accepted'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof UserErrors)) throw error;
  const found = error.errors.find((each) => each.place?.kind === 'text' && each.place.line === place.line);
  expect(error.errors.map(({ message }) => message)).toHaveLength(1);
  expect(found?.fix).toContain(word);
  expect(found?.fix).toMatch(/^Did you mean/);
  // The place is that of the word; inside a path or a reference it is that of the whole.
  const start = Math.max(...[' ', '"', '[', '{'].map((char) => line.lastIndexOf(char, at - 1))) + 2;
  const whole = at > line.indexOf('${{') && line.includes('${{') ? line.indexOf('${{') + 1 : start;
  expect(found?.place).toMatchObject({ line: place.line, column: whole });
}
