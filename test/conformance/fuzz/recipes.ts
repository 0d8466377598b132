import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { BUILT_INS } from '../../../src/cli/registries.js';
import { STARTER_RECIPE } from '../../../src/cli/starter-recipe.js';
import { type UserError, UserErrors } from '../../../src/core/errors.js';
import { formatUserError } from '../../../src/core/format-error.js';
import { sha256 } from '../../../src/core/hash.js';
import { Judge } from '../../../src/core/json-schema/judge.js';
import { packageRoot } from '../../../src/core/package-root.js';
import { AllowedPaths } from '../../../src/plan/allowed-paths.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import { createRegistries, type Registries } from '../../../src/plugin/registries.js';
import { parseRecipe } from '../../../src/recipe/load.js';
import { decodeRecipe } from '../../../src/recipe/read-text.js';
import { GOOD_FILES, GOOD_RECIPE, SWEEP_RECIPE } from '../../recipe/good-recipe.js';
import { fakeRegistries } from '../../support/fake-plugins.js';
import type { Fuzzer } from './fuzzer.js';
import { editText, type TextEdit, textEdits } from './text.js';
import { editTree, type TreeEdit, treeEdits } from './tree.js';

interface Subject {
  readonly text: string;
  readonly registries: Registries;
}

type Case = { readonly subject: number; readonly other: number } & (
  | { readonly kind: 'text'; readonly edits: readonly TextEdit[] }
  | { readonly kind: 'tree'; readonly edits: readonly TreeEdit[] }
);

/** Changed recipes, read and planned. @param root an empty folder; the recipes and their files are put below it */
export async function recipeFuzzer(root: string): Promise<Fuzzer> {
  const folder = join(root, 'pipelines');
  for (const each of ['google/train', 'google/test', 'twitter/train', 'twitter/test']) {
    mkdirSync(join(root, 'build', 'emoji', each, 'cat'), { recursive: true });
  }
  for (const [name, content] of Object.entries(GOOD_FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const subjects = allSubjects();
  const judge = await Judge.create();
  const paths = new AllowedPaths({ recipeFolder: folder, workingFolder: root });
  const index = fc.nat(subjects.length - 1);
  const cases: fc.Arbitrary<Case> = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), subject: index, other: index, edits: textEdits }),
    fc.record({ kind: fc.constant('tree' as const), subject: index, other: index, edits: treeEdits }),
  );
  return {
    extension: 'yaml',
    make(seed) {
      const [each] = fc.sample(cases, { seed, numRuns: 1 });
      const { text, registries } = subjects[each!.subject]!;
      const content =
        each!.kind === 'text'
          ? editText(text, each!.edits, subjects[each!.other]!.text)
          : JSON.stringify(editTree(parse(text, { merge: true }), each!.edits) ?? null, null, 1);
      return { bytes: Buffer.from(content), context: registries };
    },
    async examine(bytes, registries) {
      const file = join(folder, 'recipe.yaml');
      const environment = { HOME: '/', LATHE_PRECISION: '1' };
      try {
        const recipe = await parseRecipe(decodeRecipe(bytes, file), file, { environment, judge });
        const plan = await makePlan({
          recipe,
          registries: registries as Registries,
          environment,
          judge,
          paths,
          hashFile: async (path) => sha256(path),
        });
        return `accepted with ${plan.cells.length > 0 ? 'cells' : 'nothing'}`;
      } catch (error) {
        const mistakes = error instanceof UserErrors ? error.errors : [error as UserError];
        for (const mistake of mistakes) checkPlace(mistake, bytes.toString('utf8'));
        formatUserError(error as UserErrors, { folder });
        throw error;
      }
    },
  };
}

/** A place must lie in the text. */
function checkPlace({ place, problem, fix }: UserError, text: string): void {
  if (/undefined|\[object |NaN\b/.test(problem + fix) && !/undefined|\[object |NaN\b/.test(text)) {
    throw new Error(`internal: a message with a hole: ${problem} ${fix}`);
  }
  if (place?.kind !== 'text') return;
  const line = text.replace(/^\uFEFF/, '').split('\n')[place.line - 1];
  if (line === undefined || place.column - 1 > line.length)
    throw new Error(`internal: a place outside of the text: ${problem}`);
}

function allSubjects(): Subject[] {
  const builtIn = createRegistries(BUILT_INS);
  const pipelines = join(packageRoot(), 'pipelines');
  const shipped = readdirSync(pipelines).filter((name) => name.endsWith('.yaml') && !name.endsWith('.lock.yaml'));
  const readme = /```yaml\n(version: 1\n[\s\S]*?)```/.exec(readFileSync(join(packageRoot(), 'README.md'), 'utf8'))![1]!;
  const texts = [
    ...shipped.sort().map((name) => readFileSync(join(pipelines, name), 'utf8')),
    readme,
    STARTER_RECIPE,
    FEATURES,
  ];
  const fakes = fakeRegistries();
  return [
    ...texts.map((text) => ({ text, registries: builtIn })),
    ...[GOOD_RECIPE, SWEEP_RECIPE].map((text) => ({ text, registries: fakes })),
  ];
}

/** What the others do not have: anchors and merging, gates, retries, checkpoints, needs, overrides, every kind of reference. */
const FEATURES = `version: 1
x-common: &common { data: digits, epochs: 1, batch: 16 }
params: { keep: [0.5, 0.2], lr: 0.1, name: out }
env: { hash: [LATHE_PRECISION], pass: [TOKEN] }
data:
  digits: { uses: digits, with: { split: { validation: 100 }, augment: { flip: horizontal } } }
  table: { uses: csv, with: { train: data/digits.csv, label: label } }
networks:
  net: { layers: [{ conv: { filters: 4, kernel: 3 } }, relu, { maxpool: 2 }, { linear: 10 }] }
models: { face: { file: face.onnx } }
measure: { data: digits }
stages:
  - { id: base, uses: train, retry: { attempts: 2 }, checkpoint: { everySteps: 5 }, timeout: 1h30m, with: { <<: *common, network: net } }
  - id: pruned
    uses: prune
    matrix: { keep: [0.5, 0.2], scope: [layer, global], exclude: [{ keep: 0.2, scope: layer }], include: [{ keep: 5%, scope: global }] }
    with: { keep: "\${{ matrix.keep }}", scope: "\${{ matrix.scope }}", overrides: [{ select: { include: [net*] }, with: { keep: 0.9 } }] }
  - { id: tuned, uses: finetune, each: pruned, with: { <<: *common, optimizer: { adam: { lr: "\${{ params.lr }}" } } } }
  - { id: check, uses: evaluate, each: tuned, with: { data: digits, against: base }, expect: { accuracy: { min: 10%, maxDrop: 50%, from: base } } }
  - { id: best, uses: select, collect: check, with: { maximize: accuracy, minimize: gzipBytes } }
  - { id: small, uses: quantize, from: best, needs: [check], with: { method: static, calibrate: { data: digits } } }
  - { id: student, uses: transfer, from: { teacher: best }, with: { method: distill, network: net, data: digits } }
exports:
  all: { from: "tuned[*]", to: "out/{cell}.onnx" }
  one: { from: small, to: "\${{ params.name }}/small.onnx" }
`;
