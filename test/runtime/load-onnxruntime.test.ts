import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const RUNTIME = new URL('../../dist/src/runtime/index.js', import.meta.url);
const PROGRAM = `const { requireProvider } = await import('${RUNTIME}'); await requireProvider('cpu'); console.log('computed');`;

it('a process that runs a model leaves nothing of onnxruntime in the temporary folder and at home', () => {
  const folder = temporaryFolder();
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { env, encoding: 'utf8' });
  expect(said).toBe('computed\n');
  expect(readdirSync(folder)).toEqual([]);
});
