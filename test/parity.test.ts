import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderReference } from '../docs/generate-reference.js';
import { BUILT_IN_STAGES } from '../plugins/index.js';
import { BUILT_IN_DATASETS } from '../src/data/index.js';
import { BUILT_IN_NETWORKS } from '../src/network/index.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

describe('every stage', () => {
  const folders = readdirSync(join(ROOT, 'plugins'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

  it('has a line in plugins/index.ts, sorted by name', () => {
    expect(BUILT_IN_STAGES.map((stage) => stage.name)).toEqual(folders);
  });

  it('has a test', () => {
    expect(folders.filter((name) => !hasTest('plugins', name))).toEqual([]);
  });

  it('describes every option', () => {
    expect(BUILT_IN_STAGES.flatMap(({ name, options }) => undescribed(options, name))).toEqual([]);
  });
});

describe('every data reader', () => {
  it('has a line in the table, sorted by name', () => {
    const readers = filesIn('src/data').filter((file) => /defineDataset\(\{/.test(read(`src/data/${file}.ts`)));
    expect(BUILT_IN_DATASETS.map((reader) => reader.name)).toEqual(readers);
  });

  it('has a test, and describes every option', () => {
    expect(BUILT_IN_DATASETS.filter(({ name }) => !hasTest('data', name)).map(({ name }) => name)).toEqual([]);
    expect(BUILT_IN_DATASETS.flatMap(({ name, options }) => undescribed(options, name))).toEqual([]);
  });
});

describe('every network', () => {
  it('describes every option', () => {
    expect(BUILT_IN_NETWORKS.flatMap(({ name, options }) => undescribed(options, name))).toEqual([]);
  });
});

describe('every gradient', () => {
  const rules = filesIn('src/autodiff/gradients');

  it('has a line in the table', () => {
    const table =
      read('src/autodiff/index.ts') + (rules.includes('index') ? read('src/autodiff/gradients/index.ts') : '');
    expect(rules.filter((rule) => rule !== 'index' && !table.includes(`/${rule}.js'`))).toEqual([]);
  });

  it('has a test', () => {
    expect(rules.filter((rule) => rule !== 'index' && !hasTest('autodiff', rule))).toEqual([]);
  });
});

describe('the documentation', () => {
  it('lists every option, metric and operator in docs/reference.generated.md (npx jiti docs/generate-reference.ts)', () => {
    const sources = { stages: BUILT_IN_STAGES, datasets: BUILT_IN_DATASETS, networks: BUILT_IN_NETWORKS };
    expect(read('docs/reference.generated.md')).toBe(renderReference(sources));
  });

  it('has a paragraph for every error code, sorted', () => {
    const headings = [...read('docs/errors.md').matchAll(/^## (.+)$/gm)].map((match) => match[1]!);
    const code = ['src', 'plugins'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => read(join(folder, file))),
    );
    const literals = (pattern: RegExp) => code.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!));
    // A code may also reach UserError through a function; it is told by the family that it shares with the others.
    const families = new Set(literals(/new UserError\(\s*'([A-Z0-9]+)_[A-Z0-9_]+'/g));
    const codes = new Set(literals(/'([A-Z0-9]+_[A-Z0-9_]+)'/g).filter((name) => families.has(name.split('_')[0]!)));
    expect(headings).toEqual([...codes].sort());
  });

  it('links only to files that exist', () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.md'))
        .map((file) => `docs/${file}`),
    ];
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)]
        .map((match) => match[1]!)
        .filter((target) => !existsSync(resolve(ROOT, dirname(page), target)))
        .map((target) => `${page} → ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Names of the TypeScript files of a folder, without their ending, sorted. */
function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
    .sort();
}

/** True if the folder of tests holds NAME.test.ts, at any depth, or a folder NAME with a test. */
function hasTest(folder: string, name: string): boolean {
  return readdirSync(join(ROOT, 'test', folder), { recursive: true, encoding: 'utf8' }).some(
    (file) =>
      `/${file}`.endsWith(`/${name}.test.ts`) || (`/${file}`.includes(`/${name}/`) && file.endsWith('.test.ts')),
  );
}

/** Options without a description, as "owner.option"; what stands inside an option is described there. */
function undescribed(schema: unknown, owner: string): string[] {
  const { properties = {} } = schema as { properties?: Record<string, { description?: string }> };
  return Object.entries(properties)
    .filter(([, option]) => option.description === undefined)
    .map(([name]) => `${owner}.${name}`);
}
