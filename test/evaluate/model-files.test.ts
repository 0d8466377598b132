import { expect, it } from 'vitest';
import { modelFiles } from '../../src/evaluate/model-files.js';
import { identityModel, stored } from './rig.js';

it('is the file alone where nothing lies outside it', async () => {
  const { path } = await stored(identityModel(3));
  expect(await modelFiles(path)).toEqual([path]);
});
