import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { externalDataNames } from '../../src/plan/digests.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** An `external_data` entry as protobuf writes it: the key "location", then the name behind its length. */
function entry(name: string): Buffer {
  const { length } = Buffer.from(name);
  const size = length < 128 ? [length] : [128 | (length & 127), length >> 7];
  return Buffer.concat([Buffer.from('\x0a\x08location\x12', 'latin1'), Buffer.from(size), Buffer.from(name)]);
}

it('finds the files of a model by names of any length and with any dots, and none outside', async () => {
  const above = temporaryFolder();
  const folder = join(above, 'model');
  mkdirSync(join(folder, 'parts'), { recursive: true });
  const inside = ['weights.bin', 'a..b', 'parts/0', 'w'.repeat(127), 'v'.repeat(128), 'u'.repeat(200), 'ä'.repeat(100)];
  for (const name of inside) writeFileSync(join(folder, name), '');
  writeFileSync(join(above, 'secret'), '');
  symlinkSync(join(above, 'secret'), join(folder, 'link'));
  const outside = ['../secret', 'link', 'parts', 'missing', '..', '.', '', 'x\0y'];
  const path = join(folder, 'model.onnx');
  writeFileSync(path, Buffer.concat([...inside, ...outside].map(entry)));
  expect(await externalDataNames(path)).toEqual([...inside].sort());
});
