// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/core/hash.js';
import { loadRecipe, parseRecipe } from '../../src/recipe/load.js';
import { refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { GOOD_RECIPE } from './good-recipe.js';

const parse = (text: string, settings: readonly string[] = [], environment = {}) =>
  parseRecipe(text, '/home/u/recipe.yaml', { settings, environment });

/** What a person reads about a recipe that begins with these lines and is well otherwise. */
const complaint = (text: string, settings: readonly string[] = []) =>
  refusal(() => parse(text, settings, { SET: 'yes' }), '/home/u');
const REST = '\nversion: 1\nstages: [{ id: a, uses: train }]\n';

describe('a recipe', () => {
  test('becomes data with paths made absolute and parameters in place', async () => {
    const { locate, ...recipe } = await parse(GOOD_RECIPE);
    expect(recipe).toMatchObject({
      file: '/home/u/recipe.yaml',
      folder: '/home/u',
      digest: sha256(GOOD_RECIPE),
      name: 'everything',
      seed: 7,
      params: { epochs: 4, keep: 0.1, method: 'global' },
      env: { hash: ['LATHE_PRECISION'], pass: ['HOME'] },
      networks: {
        small: { kind: 'layers', input: [1, 8, 8] },
        large: { kind: 'uses', uses: 'mlp', with: { hidden: [64, 32] } },
        given: { kind: 'file', file: '/home/u/face.onnx' },
      },
      models: { face: { file: '/home/u/face.onnx', sha256: null } },
      measure: { data: 'digits' },
      exports: { model: { from: 'check', to: '/home/u/out/model.onnx' } },
    });
    expect(recipe.stages[0]).toEqual({
      id: 'baseline',
      uses: 'train',
      from: null,
      each: null,
      collect: null,
      needs: [],
      cells: [
        {
          labels: {},
          with: {
            network: 'small',
            data: 'digits',
            epochs: 4,
            batch: 32,
            optimizer: { sgd: { lr: 0.05, momentum: 0.9 } },
            keep: 'best',
            target: '97%',
          },
          expect: {},
        },
      ],
      tolerance: {},
      runtime: { provider: 'cpu', threads: null },
      hasRuntime: false,
      timeoutMs: 1_200_000,
      attempts: 1,
      checkpoint: { ms: 30_000 },
    });
    expect(locate(['stages', 0, 'with', 'batch'])).toMatchObject({ line: 38, column: 14, length: 2 });
    expect(locate(['stages', 0, 'with', 'batch'], 'key')).toMatchObject({ line: 38, column: 7, length: 5 });
    expect(locate(['stages', 0, 'with', 'nothing', 'here'])).toMatchObject({ line: 35, column: 7 });
  });

  test('says how often a stage keeps its place', async () => {
    const { stages } = await parse(`
version: 1
stages:
  - { id: a, uses: train, checkpoint: { every: 5m } }
  - { id: b, uses: train, checkpoint: { everySteps: 100 } }
  - { id: c, uses: train, checkpoint: false }
`);
    expect(stages.map(({ checkpoint }) => checkpoint)).toEqual([{ ms: 300_000 }, { steps: 100 }, null]);
  });

  test('has defaults: its file name as name, seed 0, nothing declared', async () => {
    expect(await parse(REST)).toMatchObject({
      name: 'recipe',
      seed: 0,
      params: {},
      data: {},
      measure: null,
      exports: {},
    });
  });

  test('may share values by anchors, aliases and merge keys, and keep them under x-', async () => {
    const { stages, locate } = await parse(`
version: 1
x-common: &common { data: digits, epochs: 3 }
stages:
  - { id: a, uses: train, with: { <<: *common, epochs: 5 } }
  - { id: b, uses: train, with: *common }
`);
    expect(stages.map((stage) => stage.cells[0]!.with)).toEqual([
      { data: 'digits', epochs: 5 },
      { data: 'digits', epochs: 3 },
    ]);
    expect(locate(['stages', 0, 'with', 'data'])).toMatchObject({ line: 3, column: 27 });
    expect(locate(['stages', 1, 'with', 'epochs'])).toMatchObject({ line: 3, column: 43 });
  });

  test('may begin with a byte order mark and end its lines with CR LF', async () => {
    const folder = temporaryFolder({ 'r.yaml': `\uFEFFversion: 1\r\nstages:\r\n  - id: a\r\n    usse: train\r\n` });
    expect(await refusal(() => loadRecipe(join(folder, 'r.yaml'), { environment: {} }), folder)).toMatchInlineSnapshot(`
      "r.yaml:4:5 "usse" is not a key of a stage.
          usse: train
          ~~~~
      Did you mean "uses"?  [RECIPE_UNKNOWN_KEY]"
    `);
  });

  test('keeps the meaning of YAML 1.2: yes, on and 1_000 are texts', async () => {
    const { stages } = await parse(
      'version: 1\nstages: [{ id: a, uses: b, with: { x: [yes, on, 1_000, 0o17, 1e-4, ~] } }]\n',
    );
    expect(stages[0]!.cells[0]!.with).toEqual({ x: ['yes', 'on', '1_000', 15, 0.0001, null] });
  });
});

describe('parameters', () => {
  const text = (value: string) => `params: { n: 4, word: a, flag: true, list: [1], free: null }${REST}x-v: ${value}\n`;
  const params = async (...settings: string[]) => (await parse(text('1'), settings)).params;

  test('are set from the command line, read as YAML', async () => {
    expect(await params('n=0.5', 'word=12', 'flag=false', 'list=[2, 3]', 'free=x')).toEqual({
      n: 0.5,
      word: '12',
      flag: false,
      list: [2, 3],
      free: 'x',
    });
  });

  test('that are unknown, malformed or of another type are refused together', async () => {
    expect(await complaint(text('1'), ['m=3', 'n', 'n=many', 'flag=1', 'list=3', 'n={a: 1}'])).toMatchInlineSnapshot(`
      "--set m=3: "m" is no parameter of this recipe.
      Known: n, word, flag, list, free.  [RECIPE_SET]

      --set n: the value is missing.
      Write --set name=value.  [RECIPE_SET]

      --set n=many: "n" takes a number, not the text "many".
      Declared: 4.  [RECIPE_SET]

      --set flag=1: "flag" takes true or false, not the number 1.
      Declared: true.  [RECIPE_SET]

      --set list=3: "list" takes a list, not the number 3.
      Declared: [1].  [RECIPE_SET]

      --set n={a: 1}: "{a: 1}" is not a number, a text, true, false or a list.
      [RECIPE_SET]"
    `);
  });
});

describe('references', () => {
  const withValue = (value: string) => `params: { n: 4, word: fast, list: [1, 2] }
env: { hash: [SET, UNSET] }
version: 1
stages:
  - id: a
    uses: train
    with: { v: ${value} }
`;
  const value = async (written: string) =>
    (await parse(withValue(written), [], { SET: '5' })).stages[0]!.cells[0]!.with.v;

  test.each([
    ['"${{ params.n }}"', 4],
    ['" ${{params.list}} "', [1, 2]],
    ['"${{ params.word }}-${{ params.n }}"', 'fast-4'],
    ['"${{ env.SET }}"', '5'],
    ['"costs 3 $ {x}"', 'costs 3 $ {x}'],
  ])('%s means %j', async (written, expected) => {
    expect(await value(written)).toEqual(expected);
  });

  test('to a variable that is only handed on are refused: its value may be a secret', async () => {
    const text = (env: string) => withValue('"${{ env.SET }}"').replace('{ hash: [SET, UNSET] }', env);
    expect(await complaint(text('{ pass: [SET] }'))).toMatchInlineSnapshot(`
      "recipe.yaml:7:17 The value of "SET" stays out of recipes: env.pass hands it to stages alone, as it may be a secret.
          with: { v: "\${{ env.SET }}" }
                      ~~~~~~~~~~~~~~
      List it under env.hash if it is none.  [RECIPE_ENV_PASS]"
    `);
    expect((await parse(text('{ pass: [SET], hash: [SET] }'), [], { SET: '5' })).stages[0]!.cells[0]!.with.v).toBe('5');
  });

  test('calls a stage that has lost its id "this stage"', async () => {
    const text = 'version: 1\nstages:\n  - { uses: toy-make, with: { size: "${{ matrix.n }}" } }\n';
    const complaints = await complaint(text);
    expect(complaints).toContain('This stage has no matrix that "n" could come from.');
    expect(complaints).not.toContain('undefined');
  });

  test('that are faulty are shown at the very reference', async () => {
    const bad =
      '["${{ params.m }} ${{ params.m }}", "${{ matrix.n }}", "${{ env.UNSET }}", "${{ env.HOM }}", "${{ params.n + 1 }}", "${{ params.n", "x${{ params.list }}"]';
    expect(await complaint(withValue(bad))).toMatchInlineSnapshot(`
      "recipe.yaml:7:18 "m" is no parameter of this recipe.
          with: { v: ["\${{ params.m }} \${{ params.m }}", "\${{ matrix.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "$ …
                       ~~~~~~~~~~~~~~~
      Known: n, word, list.  [RECIPE_REFERENCE]

      recipe.yaml:7:34 "m" is no parameter of this recipe.
      … : ["\${{ params.m }} \${{ params.m }}", "\${{ matrix.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + …
                            ~~~~~~~~~~~~~~~
      Known: n, word, list.  [RECIPE_REFERENCE]

      recipe.yaml:7:53 The stage "a" has no matrix that "n" could come from.
      …  \${{ params.m }}", "\${{ matrix.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + 1 }}", "\${{ params …
                            ~~~~~~~~~~~~~~~
      Add matrix: { n: [ … ] }.  [RECIPE_REFERENCE]

      recipe.yaml:7:72 The environment variable "UNSET" is not set.
      … "\${{ matrix.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + 1 }}", "\${{ params.n", "x\${{ params.l …
                            ~~~~~~~~~~~~~~~~
      Set it before the run.  [RECIPE_ENV]

      recipe.yaml:7:92 The recipe does not declare the environment variable "HOM".
      … x.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + 1 }}", "\${{ params.n", "x\${{ params.list }}"] }
                                      ~~~~~~~~~~~~~~
      List it under env.hash.  [RECIPE_REFERENCE]

      recipe.yaml:7:110 "params.n + 1" is not a reference.
      … x.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + 1 }}", "\${{ params.n", "x\${{ params.list }}"] }
                                                        ~~~~~~~~~~~~~~~~~~~
      Write \${{ params.name }}, \${{ matrix.name }} or \${{ env.NAME }}: nothing is computed.  [RECIPE_REFERENCE]

      recipe.yaml:7:133 This reference has no end.
      … x.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + 1 }}", "\${{ params.n", "x\${{ params.list }}"] }
                                                                               ~~~
      Write it as \${{ params.name }}.  [RECIPE_REFERENCE]

      recipe.yaml:7:150 A list cannot stand inside a text.
      … x.n }}", "\${{ env.UNSET }}", "\${{ env.HOM }}", "\${{ params.n + 1 }}", "\${{ params.n", "x\${{ params.list }}"] }
                                                                                                ~~~~~~~~~~~~~~~~~~
      Let the reference be the whole value.  [RECIPE_REFERENCE]"
    `);
  });

  test.each(['"${params.n}"', '"{{ params.n }}"', '"$(params.n)"', '$params.n'])(
    'that are written as %s are no texts',
    async (written) => {
      const recipe = `params: { n: 1 }
version: 1
stages: [{ id: a, uses: train, with: { epochs: ${written} } }]`;
      const text = written.replaceAll('"', '');
      expect(await complaint(recipe)).toContain(`"${text}" is a text.`);
      expect(await complaint(recipe)).toContain('Write ${{ params.n }}.  [RECIPE_REFERENCE]');
    },
  );

  test('in other notations inside a longer text are left alone', async () => {
    const text = 'cd $params.n && ${params.n}';
    const recipe = `params: { n: 1 }
version: 1
stages: [{ id: a, uses: train, with: { note: "${text}" } }]`;
    expect((await parse(recipe)).stages[0]!.cells[0]!.with).toEqual({ note: text });
  });

  test('inside params are refused', async () => {
    expect(await complaint(`params: { n: "\${{ params.m }}" }${REST}`)).toMatchInlineSnapshot(`
      "recipe.yaml:1:15 "params" cannot hold references.
      params: { n: "\${{ params.m }}" }
                    ~~~
      Write the value itself.  [RECIPE_REFERENCE]"
    `);
  });

  test('without quotes inside a flow mapping get a hint', async () => {
    expect(await complaint(withValue('${{ params.n }}'))).toMatchInlineSnapshot(`
      "recipe.yaml:7:17 A reference inside { } or [ ] is not quoted.
          with: { v: \${{ params.n }} }
                      ~
      Write it as "\${{ … }}", in quotes.  [RECIPE_SYNTAX]"
    `);
  });
});

describe('what is no recipe', () => {
  const cases: readonly [string, string | Uint8Array][] = [
    ['empty', ''],
    ['only comments', '# nothing\n'],
    ['a list', '- a\n'],
    ['a word', 'hello\n'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0x00])],
    ['bytes', new Uint8Array([0x61, 0x0a, 0x62, 0xff, 0x0a])],
    ['control characters', 'a: \u0007\n'],
    ['too large', `# ${'x'.repeat(1_000_000)}`],
    ['another version', 'version: 2\nwhatever: 3\n'],
    ['a version as text', 'version: "1"\n'],
    ['two documents', `${REST}---\na: 1\n`],
    ['YAML 1.1', `%YAML 1.1\n---${REST}`],
  ];

  test('is refused in one sentence that says why', async () => {
    let texts = '';
    for (const [name, content] of cases) {
      const folder = temporaryFolder({ 'r.yaml': content });
      const text = await refusal(() => loadRecipe(join(folder, 'r.yaml'), { environment: {} }), folder);
      texts += `## ${name}\n${text}\n\n`;
    }
    expect(texts).toMatchInlineSnapshot(`
      "## empty
      r.yaml: The recipe is empty.
      Start one with \`lathe init\`.  [RECIPE_EMPTY]

      ## only comments
      r.yaml: The recipe is empty.
      Start one with \`lathe init\`.  [RECIPE_EMPTY]

      ## a list
      r.yaml:1:1 A recipe is a mapping that begins with "version: 1", not a list of 1.
      - a
      ~~~
      Start one with \`lathe init\`.  [RECIPE_TYPE]

      ## a word
      r.yaml:1:1 A recipe is a mapping that begins with "version: 1", not the text "hello".
      hello
      ~~~~~
      Start one with \`lathe init\`.  [RECIPE_TYPE]

      ## UTF-16
      r.yaml: The recipe is encoded as UTF-16.
      Save it as UTF-8.  [RECIPE_ENCODING]

      ## bytes
      r.yaml: The recipe is not UTF-8: line 2 has bytes that are no character.
      Save it as UTF-8.  [RECIPE_ENCODING]

      ## control characters
      r.yaml: The recipe is not a text: it has control characters.
      Save it as UTF-8.  [RECIPE_ENCODING]

      ## too large
      r.yaml: The recipe has more than 1000000 bytes, the most that are read.
      Keep data in files of their own and name them in the recipe.  [RECIPE_TOO_LARGE]

      ## another version
      r.yaml:1:10 This Lathe reads recipes of version 1, not 2.
      version: 2
               ~
      Use a newer Lathe.  [RECIPE_VERSION]

      ## a version as text
      r.yaml:1:10 This Lathe reads recipes of version 1, not the text "1".
      version: "1"
               ~~~
      Write "version: 1".  [RECIPE_VERSION]

      ## two documents
      r.yaml:4:1 A second document begins here.
      ---
      ~~~
      A recipe is one document: remove the "---" and what follows it.  [RECIPE_DOCUMENTS]

      ## YAML 1.1
      r.yaml:1:1 The recipe asks for YAML 1.1; recipes are YAML 1.2.
      %YAML 1.1
      ~~~~~~~~~
      Remove the line.  [RECIPE_SYNTAX]

      "
    `);
  });

  test('a file that is not there, and a folder', async () => {
    const folder = temporaryFolder();
    const load = (name: string) => refusal(() => loadRecipe(join(folder, name), { environment: {} }), folder);
    expect(await load('r.yaml')).toMatchInlineSnapshot(`
      "r.yaml: The recipe cannot be read: there is no such file.
      Name the file of your recipe, or let \`lathe init\` write one to start from.  [RECIPE_READ]"
    `);
    expect(await load('')).toContain('it is a folder');
  });
});

describe('YAML mistakes', () => {
  const cases: readonly [string, string][] = [
    ['a tab', `data:\n\tx: 1`],
    ['a duplicate key', 'name: a\nseed: 1\nname: b'],
    ['a duplicate key below', 'params:\n  a: 1\n  b: 2\n  a: 3'],
    ['an unknown tag', 'seed: !secret 3'],
    ['an alias without anchor', 'x-a: &common 1\nseed: *comon'],
    ['an anchor inside itself', 'x-a: &a [*a]'],
    ['a mapping merged into itself', 'x-a: &a { b: 1, <<: *a }'],
    ['a merged list', 'x-a: &a [1]\nx-b: { <<: *a }'],
    ['a key that is a list', '[a]: 1'],
    ['an empty key', ': 1'],
    ['infinity', 'seed: .inf'],
    ['a number with too many digits', 'seed: 12345678901234567890'],
    ['a bracket that is not closed', 'params: { a: [1, 2 }\nseed: 1'],
    ['a quote that is not closed', 'name: "abc\nseed: 1'],
    ['a colon in a value', 'name: a: b'],
    ['no space after a colon', 'params:\n  epochs:4\n  keep: 1'],
    ['a wrong indentation', 'params:\n  a: 1\n b: 2'],
    ['a reserved character', 'name: @lathe'],
    ['too many aliases', bomb()],
    ['too deep', `x-a: ${'['.repeat(5000)}`],
  ];

  test('are one error each, at its place', async () => {
    let texts = '';
    for (const [name, lines] of cases) {
      const text = await complaint(`${lines}${REST}`);
      expect(text.split('\n\n'), name).toHaveLength(1);
      texts += `## ${name}\n${text}\n\n`;
    }
    expect(texts).toMatchInlineSnapshot(`
      "## a tab
      recipe.yaml:2:1 A tab is used to indent.
      	x: 1
      ~
      YAML indents with spaces only.  [RECIPE_TAB]

      ## a duplicate key
      recipe.yaml:3:1 "name" is here a second time; the first is in line 1, column 1.
      name: b
      ~~~~
      Keep one of the two.  [RECIPE_DUPLICATE_KEY]

      ## a duplicate key below
      recipe.yaml:4:3 "a" is here a second time; the first is in line 2, column 3.
        a: 3
        ~
      Keep one of the two.  [RECIPE_DUPLICATE_KEY]

      ## an unknown tag
      recipe.yaml:1:7 "!secret" is no tag of YAML's core schema.
      seed: !secret 3
            ~~~~~~~
      Remove it: a recipe is plain YAML without tags of its own.  [RECIPE_TAG]

      ## an alias without anchor
      recipe.yaml:2:7 There is no anchor "comon" above.
      seed: *comon
            ~~~~~~
      Did you mean "common"?  [RECIPE_ALIAS]

      ## an anchor inside itself
      recipe.yaml:1:10 The anchor "a" contains itself.
      x-a: &a [*a]
               ~~
      Write the value out.  [RECIPE_ALIAS]

      ## a mapping merged into itself
      recipe.yaml:1:21 This mapping is merged into itself.
      x-a: &a { b: 1, <<: *a }
                          ~~
      Write the values out.  [RECIPE_ALIAS]

      ## a merged list
      recipe.yaml:2:12 "<<" merges mappings only.
      x-b: { <<: *a }
                 ~~
      Give it an alias of a mapping, as in \`<<: *common\`.  [RECIPE_KEY]

      ## a key that is a list
      recipe.yaml:1:1 A list or a mapping cannot be a key.
      [a]: 1
      ~~~
      Write a name before the colon.  [RECIPE_KEY]

      ## an empty key
      recipe.yaml:1:1 This is no possible key.
      : 1
      ~
      Write a name before the colon.  [RECIPE_KEY]

      ## infinity
      recipe.yaml:1:7 .inf is no number that a recipe can hold.
      seed: .inf
            ~~~~
      Write a finite number.  [RECIPE_NUMBER]

      ## a number with too many digits
      recipe.yaml:1:7 12345678901234567890 has more digits than a number here can keep.
      seed: 12345678901234567890
            ~~~~~~~~~~~~~~~~~~~~
      Put it in quotes if it is a text.  [RECIPE_NUMBER]

      ## a bracket that is not closed
      recipe.yaml:1:14 This bracket is not closed.
      params: { a: [1, 2 }
                   ~
      Close it with "]".  [RECIPE_SYNTAX]

      ## a quote that is not closed
      recipe.yaml:1:7 This text has no closing quote.
      name: "abc
            ~~~~
      Close it on the same line.  [RECIPE_SYNTAX]

      ## a colon in a value
      recipe.yaml:1:7 A mapping begins here, in the middle of a value.
      name: a: b
            ~
      Put a value that contains ": " in quotes, or the mapping on lines of its own.  [RECIPE_SYNTAX]

      ## no space after a colon
      recipe.yaml:2:3 This is neither a value nor "key: value".
        epochs:4
        ~~~~~~~~
      Write a colon and a space after the key.  [RECIPE_SYNTAX]

      ## a wrong indentation
      recipe.yaml:3:1 The indentation does not fit the lines above.
       b: 2
      ~
      Begin the line in the column of its siblings.  [RECIPE_SYNTAX]

      ## a reserved character
      recipe.yaml:1:7 A text cannot begin with "@" here.
      name: @lathe
            ~
      Put it in quotes.  [RECIPE_SYNTAX]

      ## too many aliases
      recipe.yaml:2:10 The aliases of this recipe stand for more than 10000 values.
      x-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
               ~~
      Write fewer of them; no recipe needs that many.  [RECIPE_ALIAS]

      ## too deep
      recipe.yaml:1:105 The recipe is nested too deeply.
      … [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ …
                            ~
      Write it with fewer levels.  [RECIPE_NESTING]

      "
    `);
  });

  test('an alias bomb is refused in less memory than it would take', async () => {
    const before = process.memoryUsage().heapUsed;
    await complaint(`${bomb()}${REST}`);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
  });
});

/** Nine levels of nine aliases each: 9^9 values if it were expanded. */
function bomb(): string {
  const levels = [...'abcdefghi'].map((name, index, names) =>
    index === 0
      ? `x-a: &a [${Array(9).fill('lol')}]`
      : `x-${name}: &${name} [${Array(9).fill(`*${names[index - 1]}`)}]`,
  );
  return levels.join('\n');
}

test('every mistake is reported at once, in the order of the file', async () => {
  const text = `version: 1
sead: 7
params: { a: { b: 1 } }
env: { hash: [1A] }
data:
  digits: { with: {} }
networks:
  none: {}
  both: { file: a.onnx, uses: mlp }
  bare: { input: [8], file: a.onnx }
models:
  face: { file: a.onnx, sha256: abc }
measure: digits
stages:
  - id: 1st
    uses: train
    epochs: 3
  - uses: prune
    from: {}
    needs: [a, a]
    timeout: 20
  - id: check
    uses: evaluate
    expect:
      accuracy: {}
      loss: { max: 60kk, maxDrop: 1 }
exports:
  model: { from: check }
`;
  expect(await complaint(text)).toMatchInlineSnapshot(`
    "recipe.yaml:2:1 "sead" is not a key of a recipe.
    sead: 7
    ~~~~
    Did you mean "seed"?  [RECIPE_UNKNOWN_KEY]

    recipe.yaml:3:14 "a" takes a number, a text, true, false, nothing or a list of these, not a mapping.
    params: { a: { b: 1 } }
                 ~~~~~~~~
    [RECIPE_TYPE]

    recipe.yaml:4:15 Item 1 of "hash" takes the name of an environment variable, not the text "1A".
    env: { hash: [1A] }
                  ~~
    [RECIPE_VALUE]

    recipe.yaml:6:3 A data set needs the key "uses".
      digits: { with: {} }
      ~~~~~~
    Add "uses": The reader of the data set's format.  [RECIPE_MISSING_KEY]

    recipe.yaml:8:9 "none" takes a mapping with layers, a mapping with file or a mapping with uses, not an empty mapping.
      none: {}
            ~~
    [RECIPE_VALUE]

    recipe.yaml:9:9 "both" has a mapping that mixes alternatives: a mapping with file; a mapping with uses.
      both: { file: a.onnx, uses: mlp }
            ~~~~~~~~~~~~~~~~~~~~~~~~~~~
    Keep one of them.  [RECIPE_VALUE]

    recipe.yaml:10:11 "input" needs "layers" beside it.
      bare: { input: [8], file: a.onnx }
              ~~~~~
    Add "layers".  [RECIPE_MISSING_KEY]

    recipe.yaml:12:33 "sha256" takes 64 hexadecimal digits in quotes, not the text "abc".
      face: { file: a.onnx, sha256: abc }
                                    ~~~
    [RECIPE_VALUE]

    recipe.yaml:13:10 "measure" takes a mapping with data, not the text "digits".
    measure: digits
             ~~~~~~
    [RECIPE_TYPE]

    recipe.yaml:15:9 "id" takes a letter, then letters, digits, - or _, not the text "1st".
      - id: 1st
            ~~~
    [RECIPE_VALUE]

    recipe.yaml:17:5 "epochs" is not a key of a stage.
        epochs: 3
        ~~~~~~
    Options of a stage go under "with". Known: id, uses, from, matrix, each, collect, needs, with, runtime, expect, tolerance, timeout, retry, checkpoint.  [RECIPE_UNKNOWN_KEY]

    recipe.yaml:18:5 A stage needs the key "id".
      - uses: prune
        ~~~~~~~~~~~
    Add "id": How the rest of the recipe and the reports call this stage.  [RECIPE_MISSING_KEY]

    recipe.yaml:19:11 "from" takes at least 1 slot, not 0.
        from: {}
              ~~
    [RECIPE_VALUE]

    recipe.yaml:20:16 "needs" holds the text "a" twice.
        needs: [a, a]
                   ~
    [RECIPE_VALUE]

    recipe.yaml:21:14 "timeout" takes a time with its unit, such as 90s, 20m or 1h30m, not the number 20.
        timeout: 20
                 ~~
    [RECIPE_TYPE]

    recipe.yaml:25:17 "accuracy" takes at least 1 limit, not 0.
          accuracy: {}
                    ~~
    Known: min, max, maxDrop, maxRise, from.  [RECIPE_VALUE]

    recipe.yaml:26:20 "max" takes a number, or a text with a unit such as 60k, 1% or 20ms, not the text "60kk".
          loss: { max: 60kk, maxDrop: 1 }
                       ~~~~
    [RECIPE_VALUE]

    recipe.yaml:26:26 "maxDrop" needs "from" beside it.
          loss: { max: 60kk, maxDrop: 1 }
                             ~~~~~~~
    Add "from".  [RECIPE_MISSING_KEY]

    recipe.yaml:28:3 An export needs the key "to".
      model: { from: check }
      ~~~~~
    Add "to": The file to write, relative to the recipe; {cell} stands for the labels of the cell.  [RECIPE_MISSING_KEY]"
  `);
});

test('ids are unique among stages and models, and from goes with maxDrop', async () => {
  const text = `version: 1
models: { face: { file: a.onnx } }
stages:
  - { id: a, uses: train }
  - { id: a, uses: train }
  - { id: face, uses: train }
  - { id: b, uses: evaluate, expect: { accuracy: { min: 1, from: a } } }
`;
  expect(await complaint(text)).toMatchInlineSnapshot(`
    "recipe.yaml:5:11 Two stages have the id "a"; the first is in line 4.
      - { id: a, uses: train }
              ~
    Give one of them another id.  [RECIPE_DUPLICATE_ID]

    recipe.yaml:6:11 "face" is the id of a stage and a name under models.
      - { id: face, uses: train }
              ~~~~
    Rename one of them.  [RECIPE_DUPLICATE_ID]

    recipe.yaml:7:60 "from" has no use here without maxDrop or maxRise.
      - { id: b, uses: evaluate, expect: { accuracy: { min: 1, from: a } } }
                                                               ~~~~
    Add one of them, or remove "from".  [RECIPE_GATE]"
  `);
});

test('limits of metrics under another name, or as a list, are shown in their own form', async () => {
  const stage = (limits: string) => `version: 1\nname: t\nstages:\n  - { id: a, uses: evaluate, ${limits} }\n`;
  const form = 'Limits of metrics are written `expect: { accuracy: { min: 0.9 } }`.';
  for (const limits of ['gates: [accuracy >= 0.9]', 'gate: accuracy', 'expect: [accuracy >= 0.9]', 'expect: 0.9']) {
    expect(await complaint(stage(limits)), limits).toContain(form);
  }
  expect(await complaint(stage('epochs: 3'))).not.toContain(form);
});
