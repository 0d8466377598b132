import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takenFile } from '../../src/plan/taken-file.js';
import { GOOD_FILES, GOOD_RECIPE } from '../recipe/good-recipe.js';
import { planText, refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('an export takes the place of nothing, of an empty file, of a model, and of a link', () => {
  const folder = temporaryFolder({ empty: '', 'model.onnx': Uint8Array.of(0x08, 0x0a, 0x12), notes: 'mine' });
  symlinkSync('notes', join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  for (const name of ['new', 'no/folder/yet', 'empty', 'model.onnx', 'link', 'dangling']) {
    expect(takenFile(join(folder, name)), name).toBeUndefined();
  }
});

test('it takes the place of nothing else', () => {
  const folder = temporaryFolder({ notes: 'mine', 'data.npy': '\x93NUMPY', 'a.zip': 'PK' });
  mkdirSync(join(folder, 'folder'));
  for (const name of ['notes', 'data.npy', 'a.zip']) {
    expect(takenFile(join(folder, name))).toBe(
      `${join(folder, name)} is there already and is no ONNX model: it would be lost.`,
    );
  }
  expect(takenFile(join(folder, 'folder'))).toBe(`${join(folder, 'folder')} is a folder.`);
  expect(takenFile(join(folder, 'notes', 'x'))).toMatch(/ cannot be looked at: ENOTDIR/);
  expect(takenFile(join(folder, 'x'.repeat(300)))).toMatch(/ cannot be looked at: ENAMETOOLONG/);
});

test('the recipe itself is safe from a slip in an export', async () => {
  const folder = temporaryFolder({ ...GOOD_FILES, 'recipe.yaml': GOOD_RECIPE });
  chmodSync(join(folder, 'recipe.yaml'), 0o600);
  const text = GOOD_RECIPE.replace('to: out/model.onnx', 'to: recipe.yaml');
  expect(
    await refusal(() => planText(text, folder, { environment: { HOME: '/', LATHE_PRECISION: '' } }), folder),
  ).toMatchInlineSnapshot(`
      "recipe.yaml:69:9 <folder>/recipe.yaml is there already and is no ONNX model: it would be lost.
          to: recipe.yaml
              ~~~~~~~~~~~
      Choose another file, or move that away.  [PLAN_EXPORT]"
    `);
});
