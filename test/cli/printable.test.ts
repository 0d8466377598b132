import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, test } from 'vitest';
import { continued, printable } from '../../src/cli/printable.js';
import { ANSI_PAINT, NO_PAINT } from '../../src/report/paint.js';
import { lathe } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Clears the screen, sets the title, writes to the clipboard, turns the line around, hides text in tags, as C1 too. */
const HOSTILE =
  '\u001b[2J\u001b]0;title\u0007\u001b]52;c;ZXZpbA==\u001b\\\u009b2J\u202egnp.exe\u2066\udb40\udc41\r\u0008\u007f\u200b';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come out
const ACTS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202e\u2066]|\udb40/;

test('what a terminal would act on is spelt out', () => {
  expect(printable(HOSTILE, NO_PAINT)).toBe(
    '\\u001b[2J\\u001b]0;title\\u0007\\u001b]52;c;ZXZpbA==\\u001b\\\\u009b2J\\u202egnp.exe\\u2066\\udb40\\udc41\\u000d\\u0008\\u007f\\u200b',
  );
});

test('letters of all languages, emoji, tabs and line ends stay', () => {
  const text = 'größer\t名前\nнабор می\u200cخواهم 👩\u200d🔬 שלום';
  expect(printable(text, ANSI_PAINT)).toBe(text);
});

test("Lathe's own colours stay where they are in use, others do not", () => {
  const text = `${ANSI_PAINT.bold('a')} ${ANSI_PAINT.bad('b')} \u001b[8mhidden`;
  expect(printable(text, ANSI_PAINT)).toBe(`${ANSI_PAINT.bold('a')} ${ANSI_PAINT.bad('b')} \\u001b[8mhidden`);
  expect(printable(text, NO_PAINT)).not.toMatch(ACTS);
});

test('JSON means the same afterwards', () => {
  const value = { [HOSTILE]: [HOSTILE] };
  const text = printable(JSON.stringify(value, null, 2), NO_PAINT);
  expect(text).not.toMatch(ACTS);
  expect(JSON.parse(text)).toEqual(value);
});

test('a message of several lines cannot pass for several messages', () => {
  expect(continued('epoch 1\nDone: 3 ran\r\n✓ gate')).toBe('epoch 1\n  Done: 3 ran\n  ✓ gate');
});

const PLUGIN = `import { defineStage } from 'onnx-lathe/plugin';
export default defineStage({
  name: 'loud', revision: 1, summary: 'Says ${'\\u001b'}[2J.',
  options: { type: 'object', additionalProperties: false, properties: {} },
  inputs: {}, outputs: {}, metrics: {}, computes: false,
  async run({ log }) {
    console.log('\\u001b[2Jprinted \\u202e');
    log.info('\\u001b[2Jtold\\nDone: 3 ran', { detail: '\\u009b2J' });
    log.warn('\\u001b]0;warned\\u0007');
    throw new Error('\\u001b[31mfailed \\u202e');
  },
});
`;

test('what recipes, plugins and file names bring along reaches no terminal', async () => {
  const folder = temporaryFolder({ 'plugin.mjs': PLUGIN });
  writeFileSync(
    join(folder, 'recipe.yaml'),
    `version: 1\nname: "\\e[2J"\nplugins: [./plugin.mjs]\nstages:\n  - { id: loud, uses: loud }\n`,
  );
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, `version: 1\nstages:\n  - { id: a, uses: "tr\\e[2J\\u202eain", "\\u009b2J": "\u202e \u0085" }\n`);
  const env = { FORCE_COLOR: '1', LATHE_ALLOW_PATH: folder };
  for (const argv of [
    ['run', '--log-level', 'debug'],
    ['plan'],
    ['plugins'],
    ['plan', 'bad.yaml'],
    ['plan', '\u001b[2J.yaml'],
    ['inspect', 'x\u202ey.onnx'],
    ['\u001b[2Jrun'],
  ]) {
    const { stdout, stderr } = await lathe(argv, { cwd: folder, env });
    for (const text of [stdout, stderr]) expect(text.replace(COLOURS, ''), argv.join(' ')).not.toMatch(ACTS);
    expect(stdout).not.toMatch(/^Done: 3 ran/m);
    if (argv[0] === 'run') expect(stdout).toContain('loud: \\u001b[2Jtold\n  Done: 3 ran');
    if (argv[0] === 'run') expect(stderr).toContain('failed \\u202e');
  }
}, 60_000);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the five that Lathe paints with
const COLOURS = /\u001b\[(?:1|2|22|31|32|33|39)m/g;

test('nor does what a model is called, of whatever length', async () => {
  const folder = temporaryFolder();
  const name = `${HOSTILE}\nparameters  0`;
  const long = 'n'.repeat(1 << 20);
  const node = Array.from({ length: 2000 }, (_, i) => ({
    name: i === 0 ? long : i === 1 ? name : `relu${i}`,
    opType: 'Relu',
    input: [i === 0 ? 'x' : `v${i - 1}`],
    output: [`v${i}`],
  }));
  const proto = {
    irVersion: 8n,
    producerName: name,
    opsetImport: [{ version: 18n }],
    graph: { node, input: [{ name: 'x' }], output: [{ name: 'v1999' }] },
    metadataProps: [
      { key: long, value: name },
      { key: name, value: long },
    ],
  };
  writeFileSync(join(folder, 'model.onnx'), toBinary(ModelProtoSchema, create(ModelProtoSchema, proto as never)));
  const { stdout, code } = await lathe(['inspect', 'model.onnx'], { cwd: folder });
  expect(code).toBe(0);
  expect(ACTS.test(stdout)).toBe(false);
  expect(stdout.split('\n').filter((line) => /^parameters {2}0\b/.test(line))).toEqual([]);
  expect(stdout.length).toBeLessThan(1_000_000);
});
