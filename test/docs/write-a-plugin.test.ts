import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/package-root.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A block of the tutorial: a file to write, or commands with what they print. */
type Block =
  | { readonly kind: 'file'; readonly name: string; readonly content: string; readonly line: number }
  | { readonly kind: 'console'; readonly content: string; readonly line: number };

const PAGE = readFileSync(join(packageRoot(), 'docs', 'write-a-plugin.md'), 'utf8');

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map((match): Block => {
    const [, language, name, content] = match as unknown as [string, string, string | undefined, string];
    const line = page.slice(0, match.index).split('\n').length;
    if (language === 'console') return { kind: 'console', content, line };
    if (name === undefined) throw new Error(`the block in line ${line} of the tutorial is neither a file nor commands`);
    return { kind: 'file', name, content, line };
  });
}

/** Commands with the output that follows each. */
function commandsOf(content: string): { readonly command: string; readonly expected: string }[] {
  return content
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), expected: part.slice(end + 1).trimEnd() };
    });
}

/** "…" alone on a line stands for any lines, inside a line for any text. */
function pattern(expected: string): RegExp {
  const lines = expected.split('\n').map((line) => {
    if (line === '…') return '(?:.*\\n)*';
    return `${line
      .split('…')
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}\\n`;
  });
  return new RegExp(`^${lines.join('')}$`);
}

test('the tutorial works when it is followed word by word in an empty folder', { timeout: 300_000 }, () => {
  const folder = temporaryFolder();
  const main = join(packageRoot(), 'dist', 'src', 'cli', 'main.js');
  // The folder holds nothing but what the tutorial puts there: the command is found on the path.
  const bin = join(temporaryFolder(), 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'lathe'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(join(bin, 'lathe'), 0o755);
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: folder };

  for (const block of blocksOf(PAGE)) {
    if (block.kind === 'file') {
      writeFileSync(join(folder, block.name), block.content);
      continue;
    }
    for (const { command, expected } of commandsOf(block.content)) {
      const { stdout, status } = spawnSync('sh', ['-c', `exec 2>&1; ${command}`], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      expect(stdout, `line ${block.line} of docs/write-a-plugin.md: ${command}`).toMatch(pattern(expected));
      if (!command.includes('exit code')) expect(status, command).toBe(0);
    }
  }
});

test('the code of the tutorial has no type errors', { timeout: 300_000 }, () => {
  const folder = temporaryFolder();
  const files = blocksOf(PAGE).flatMap((block) => (block.kind === 'file' && block.name.endsWith('.ts') ? [block] : []));
  for (const { name, content } of files) writeFileSync(join(folder, name), content);
  const program = ts.createProgram([...new Set(files.map(({ name }) => join(folder, name)))], {
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [join(packageRoot(), 'node_modules/@types')],
    paths: { 'onnx-lathe/*': [join(packageRoot(), 'dist/src/*/index.d.ts')] },
  });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  expect(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => folder,
      getNewLine: () => '\n',
    }),
  ).toBe('');
});

test('every block of the tutorial is a file or commands', () => {
  const blocks = blocksOf(PAGE);
  expect(blocks.filter(({ kind }) => kind === 'file').length).toBeGreaterThanOrEqual(7);
  expect(blocks.filter(({ kind }) => kind === 'console').length).toBeGreaterThanOrEqual(5);
});
