import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataMemory } from '../../src/artifacts/data-memory.js';
import { Registry } from '../../src/core/registry.js';
import { type Dataset, type DatasetDefinition, defineDataset } from '../../src/data/dataset.js';
import type { ResolvedUse } from '../../src/plan/plan.js';
import { previewData } from '../../src/plan/preview-data.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const USE: ResolvedUse = { uses: 'made-up', options: {}, plugin: { kind: 'built-in' }, digest: 'd'.repeat(64) };

/** A reader that counts how often it opens its data set. */
function reader(): { readonly registry: Registry<DatasetDefinition>; readonly opened: () => number } {
  let opened = 0;
  const registry = new Registry<DatasetDefinition>('data set reader');
  registry.add(
    defineDataset({
      name: 'made-up',
      revision: 1,
      summary: 'Nothing.',
      options: { type: 'object' },
      async open() {
        opened++;
        const samples = (count: number) => ({ count, read: () => undefined });
        return {
          inputShape: [3, 4, 4],
          target: { kind: 'class', classes: 2, names: ['cat', 'dog'] } as const,
          normalization: { mean: [1, 2, 3], std: [4, 5, 6] },
          train: samples(70),
          validation: null,
          test: samples(30),
        };
      },
    }),
  );
  return { registry, opened: () => opened };
}

function facts({ inputShape, target, normalization, train, validation, test }: Dataset) {
  return { inputShape, target, normalization, counts: [train.count, validation?.count, test?.count] };
}

const FACTS = {
  inputShape: [3, 4, 4],
  target: { kind: 'class', classes: 2, names: ['cat', 'dog'] },
  normalization: { mean: [1, 2, 3], std: [4, 5, 6] },
  counts: [70, undefined, 30],
};

describe('a data set in a plan', () => {
  it('tells its shape, labels and sizes, and refuses to be read', async () => {
    const data = await previewData(USE, reader().registry);
    expect(facts(data)).toEqual(FACTS);
    expect(() => data.train.read([0], new Float32Array(48), new Int32Array(1))).toThrow('cannot be read');
  });

  it('is opened once, and remembered by its content for later plans', async () => {
    const cache = join(temporaryFolder(), 'cache');
    const { registry, opened } = reader();
    const memory = openDataMemory(cache);
    await previewData(USE, registry, memory);
    await memory.save();
    expect(facts(await previewData(USE, registry, openDataMemory(cache)))).toEqual(FACTS);
    expect(opened()).toBe(1);
    await previewData({ ...USE, digest: 'e'.repeat(64) }, registry, openDataMemory(cache));
    expect(opened()).toBe(2);
  });
});
