import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lastRun, lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const TIMEOUT = { timeout: 60_000 };

const WATCH = `import { appendFileSync } from 'node:fs';
import { defineObserver } from 'onnx-lathe/plugin';
const note = (line: string) => appendFileSync('watched.txt', line + '\\n');
export default defineObserver({
  name: 'watch',
  onPlan: ({ cells }) => note('plan ' + cells.map(({ id }) => id).join(' ')),
  onStageStart: ({ cell, why }) => note('start ' + cell + ' ' + why),
  onStageEnd: ({ cell, status }) => note('end ' + cell + ' ' + status),
  onRunEnd: ({ status, stages }) => note('over ' + status + ' ' + stages.length),
});
`;

function project(plugin: string): string {
  return temporaryFolder({
    'watch.ts': plugin,
    'recipe.yaml': `version: 1
plugins: [${JSON.stringify(TOY_PLUGIN)}, ./watch.ts]
stages:
  - { id: base, uses: toy-make }
  - { id: small, uses: toy-shrink }
`,
  });
}

it('a plugin in TypeScript watches a run, and changes no key of it', TIMEOUT, async () => {
  const cwd = project(WATCH);
  const watched = () => readFileSync(join(cwd, 'watched.txt'), 'utf8').trim().split('\n');
  expect((await lathe(['run'], { cwd })).code).toBe(0);
  expect(watched()).toEqual([
    'plan base small',
    'start base no result for this key',
    'end base ran',
    'start small no result for this key',
    'end small ran',
    'over succeeded 2',
  ]);
  // Another observer, and none: all results stay.
  writeFileSync(join(cwd, 'watch.ts'), WATCH.replaceAll("'end '", "'finished '"));
  await lathe(['run'], { cwd });
  expect(watched().slice(6)).toEqual([
    'plan base small',
    'finished base cached',
    'finished small cached',
    'over succeeded 2',
  ]);
  const recipe = readFileSync(join(cwd, 'recipe.yaml'), 'utf8');
  writeFileSync(join(cwd, 'recipe.yaml'), recipe.replace(', ./watch.ts', ''));
  await lathe(['run'], { cwd });
  expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small cached']);
});

it('one that throws costs one warning', TIMEOUT, async () => {
  const cwd = project(`import { defineObserver } from 'onnx-lathe/plugin';
export default defineObserver({ name: 'watch', onStageStart() { throw new Error('no net'); } });
`);
  const { code, stdout, stderr } = await lathe(['run'], { cwd });
  expect(code).toBe(0);
  expect(`${stdout}${stderr}`.split('The observer "watch" threw: no net.')).toHaveLength(2);
  expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small ran']);
});

it('one that never ends is not waited for', TIMEOUT, async () => {
  const cwd = project(`import { createServer } from 'node:net';
import { defineObserver } from 'onnx-lathe/plugin';
export default defineObserver({
  name: 'watch',
  onRunEnd: () => new Promise(() => void createServer().listen(0)),
});
`);
  const { code, stdout, stderr } = await lathe(['run'], { cwd });
  expect(code).toBe(0);
  expect(`${stdout}${stderr}`).toContain('The observer "watch" is still busy');
  expect(existsSync(join(cwd, 'recipe.lock.yaml'))).toBe(true);
});

it('what it can watch is checked', TIMEOUT, async () => {
  const cwd = project(`import { defineObserver } from 'onnx-lathe/plugin';
export default defineObserver({ name: 'watch', onStageStop() {} } as never);
`);
  const { code, stderr } = await lathe(['plan'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'observer "watch" has "onStageStop"; what it can watch is onPlan, onStageStart, onStageEnd, onRunEnd',
  );
});
