import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openDataset, readAll, temporaryFolder, userErrorOf } from './support.js';

async function table(text: string | Buffer, name = 'train.csv') {
  const folder = temporaryFolder();
  const train = join(folder, name);
  await writeFile(train, text);
  return { folder, train };
}
const IRIS = 'length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n4.9,3.0,setosa\n';

describe('csv', () => {
  test('reads features and class names; the label is the last column', async () => {
    const { train } = await table(IRIS);
    const data = await openDataset('csv', { train, normalize: 'none' });
    expect(data.inputShape).toEqual([2]);
    expect(data.target).toEqual({ kind: 'class', classes: 3, names: ['setosa', 'versicolor', 'virginica'] });
    expect(await readAll(data.train, data)).toEqual({
      x: Float32Array.of(5.1, 3.5, 7.0, 3.2, 6.3, 3.3, 4.9, 3.0),
      y: [0, 1, 2, 0],
    });
  });

  test('reads gzip, a byte order mark, blank lines, quotes, CRLF and another delimiter', async () => {
    const text = '\uFEFFlabel;x\r\n"b";1\r\n\r\n"a";2.5\r\n';
    const { train } = await table(gzipSync(text));
    const data = await openDataset('csv', { train, delimiter: ';', label: 'label', normalize: 'none' });
    expect(data.target).toMatchObject({ names: ['a', 'b'] });
    expect(await readAll(data.train, data)).toEqual({ x: Float32Array.of(1, 2.5), y: [1, 0] });
  });

  test('number classes are in the order of their values', async () => {
    const { train } = await table('10,0.5\n9,0.25\n10,1\n');
    const data = await openDataset('csv', { train, header: false, label: 0, normalize: 'none' });
    expect(data.target).toMatchObject({ names: ['9', '10'] });
    expect((await readAll(data.train, data)).y).toEqual([1, 0, 1]);
  });

  test('chosen features come in the order given, and take a shape', async () => {
    const { train } = await table('a,b,c,y\n1,2,3,0\n4,5,6,1\n');
    const data = await openDataset('csv', { train, features: ['c', 0], shape: [1, 2, 1], normalize: 'none' });
    expect(data.inputShape).toEqual([1, 2, 1]);
    expect([...(await readAll(data.train, data)).x]).toEqual([3, 1, 6, 4]);
  });

  test('several columns can be values to regress', async () => {
    const { train } = await table('u,x,v\n0.5,1,2\n1.5,2,3\n');
    const data = await openDataset('csv', { train, label: ['u', 'v'], target: 'value', normalize: 'none' });
    expect(data.target).toEqual({ kind: 'value', shape: [2] });
    expect(await readAll(data.train, data)).toEqual({ x: Float32Array.of(1, 2), y: [0.5, 2, 1.5, 3] });
  });

  test('what unpacks to far more than it holds is refused, unless it is unpacked by hand', async () => {
    const text = Buffer.from(`x,y\n${`0.${'0'.repeat(5000)},0\n1,1\n`.repeat(3500)}`);
    const packed = await table(gzipSync(text), 'train.csv.gz');
    expect(await userErrorOf(openDataset('csv', { train: packed.train }), packed.folder)).toMatch(
      /^<folder>\/train\.csv\.gz has \d+ bytes and unpacks to more than 16777216\..* \[DATA_TOO_LARGE\]$/s,
    );
    const { train } = await table(text);
    expect((await openDataset('csv', { train, normalize: 'none' })).train.count).toBe(7000);
  });

  test('a table may have more numbers than one piece of a list takes', async () => {
    const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${row % 3}`);
    const { train } = await table(`x,y\n${rows.join('\n')}\n`);
    const data = await openDataset('csv', { train, normalize: 'none' });
    const { x, y } = await readAll(data.train, data);
    expect(x).toEqual(Float32Array.from(rows, (_, row) => row));
    expect(y).toEqual(rows.map((_, row) => row % 3));
  });

  test('a test table may have its columns in another order', async () => {
    const { train, folder } = await table(IRIS);
    const other = join(folder, 'test.csv');
    await writeFile(other, 'width,species,length\n3,virginica,6\n');
    const data = await openDataset('csv', { train, test: other, label: 'species', normalize: 'none' });
    expect(await readAll(data.test!, data)).toEqual({ x: Float32Array.of(6, 3), y: [2] });
  });

  test('a table of many chunks keeps every row', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => `${i},é${i % 7}`);
    const { train } = await table(`x,y\n${rows.join('\n')}\n`);
    const data = await openDataset('csv', { train, normalize: 'none' });
    const { x, y } = await readAll(data.train, data);
    expect(x.every((value, i) => value === i)).toBe(true);
    expect(y.every((label, i) => label === i % 7)).toBe(true);
  });
});

describe('csv refuses', () => {
  const errorOf = async (text: string, options: object = {}) => {
    const { folder, train } = await table(text);
    return userErrorOf(openDataset('csv', { train, ...options }), folder);
  };

  test('an unknown label column, with a suggestion or the list', async () => {
    expect(await errorOf(IRIS, { label: 'specie' })).toMatchInlineSnapshot(
      `"<folder>/train.csv has no column "specie". Did you mean "species"? [DATA_COLUMN]"`,
    );
    expect(await errorOf(IRIS, { label: 'target' })).toMatchInlineSnapshot(
      `"<folder>/train.csv has no column "target". It has: length, width, species. [DATA_COLUMN]"`,
    );
  });

  test('a wrong delimiter', async () => {
    expect(await errorOf(IRIS, { delimiter: ';' })).toMatchInlineSnapshot(
      `"<folder>/train.csv has one column, and none is left as a feature. Set delimiter if it is another than assumed, or choose features and label. [DATA_COLUMN]"`,
    );
    expect(await errorOf(IRIS, { delimiter: ';', label: 'species' })).toMatchInlineSnapshot(
      `"<folder>/train.csv has no column "species". It has: length,width,species. With one column only, the delimiter is probably another: set delimiter. [DATA_COLUMN]"`,
    );
  });

  test('a position that is not there', async () => {
    expect(await errorOf(IRIS, { label: 3 })).toMatchInlineSnapshot(
      `"<folder>/train.csv has no column 3: it has 3, counted from 0. Give a position that exists. [DATA_COLUMN]"`,
    );
  });

  test('a name without a header', async () => {
    expect(await errorOf(IRIS, { header: false, label: 'species' })).toMatchInlineSnapshot(
      `"The column "species" is given by name, but <folder>/train.csv is read without a header. Set header: true, or give its position, counted from 0. [DATA_COLUMN]"`,
    );
  });

  test('a feature that is the label', async () => {
    expect(await errorOf(IRIS, { features: ['length', 'species'] })).toMatchInlineSnapshot(
      `"In <folder>/train.csv column "species" is both a feature and the label. Remove it from features. [DATA_COLUMN]"`,
    );
  });

  test('a cell that is no number, with its line, counting blank lines and line breaks in quotes', async () => {
    expect(await errorOf('x,y\n1,"a\nb"\n\nabc,c\n')).toMatchInlineSnapshot(
      `"<folder>/train.csv:5: column "x" is "abc", not a finite number. Correct the cell, leave the row out, or choose other columns with features. [DATA_NUMBER]"`,
    );
  });

  test.each(['', 'NaN', 'Infinity', '1e300'])('the cell "%s"', async (cell) => {
    expect(await errorOf(`x,y\n1,a\n${cell},b\n`)).toMatch(/<folder>\/train.csv:3: column "x" is .*\[DATA_NUMBER\]/);
  });

  test('an empty label', async () => {
    expect(await errorOf('x,y\n1,a\n2,\n')).toMatchInlineSnapshot(
      `"<folder>/train.csv:3: column "y" is empty. Give the row a label or leave it out. [DATA_LABEL_EMPTY]"`,
    );
  });

  test('a row of another length', async () => {
    expect(await errorOf('x,y\n1,a\n2\n')).toMatchInlineSnapshot(
      `"<folder>/train.csv:3: the row has 1 columns, the first line has 2. Every row must have as many; look for a missing quote or delimiter. [DATA_CSV]"`,
    );
  });

  test('quotes that do not close', async () => {
    expect(await errorOf('x,y\n1,a\n2,"b\n')).toMatchInlineSnapshot(
      `"<folder>/train.csv:3: Quoted field unterminated. Balance the quotes of this row. [DATA_CSV]"`,
    );
  });

  test('a label that training does not know', async () => {
    const { folder, train } = await table(IRIS);
    const other = join(folder, 'test.csv');
    await writeFile(other, 'length,width,species\n1,1,setosa\n1,1,virginca\n');
    expect(await userErrorOf(openDataset('csv', { train, test: other }), folder)).toMatchInlineSnapshot(
      `"<folder>/test.csv:3: the label "virginca" does not occur in the training table. Did you mean "virginica"? [DATA_LABEL_RANGE]"`,
    );
  });

  test('a label column where most rows differ, as numbers to regress do', async () => {
    const rows = (distinct: number) => Array.from({ length: 30 }, (_, i) => `1,${(i % distinct) / 7}`).join('\n');
    expect(await errorOf(`x,y\n${rows(16)}\n`)).toMatchInlineSnapshot(
      `"The 30 rows of <folder>/train.csv have 16 different labels. Set label to the column of the class, or target: value if it is a number to regress. [DATA_CLASSES]"`,
    );
    const folder = temporaryFolder();
    await writeFile(join(folder, 'pairs.csv'), `x,y\n${rows(15)}\n`);
    const { target } = await openDataset('csv', { train: join(folder, 'pairs.csv') });
    expect(target).toMatchObject({ kind: 'class', classes: 15 });
  });

  test('a label column where every row differs', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `1,${i / 7}`).join('\n');
    expect(await errorOf(`x,y\n${rows}\n`)).toMatchInlineSnapshot(
      `"Every one of the 30 rows of <folder>/train.csv has another label. Set label to the column of the class, or target: value if it is a number to regress. [DATA_CLASSES]"`,
    );
  });

  test('several columns as class', async () => {
    expect(await errorOf(IRIS, { label: ['length', 'species'] })).toMatchInlineSnapshot(
      `"label names 2 columns. A class has one; set target: value to regress several. [DATA_COLUMN]"`,
    );
  });

  test('a shape of another size', async () => {
    expect(await errorOf(IRIS, { shape: [1, 28, 28] })).toMatchInlineSnapshot(
      `"<folder>/train.csv has 2 features, but shape: [1, 28, 28] asks for 784. Give a shape whose product is the number of features. [DATA_SHAPE]"`,
    );
  });

  test('a table with a header only', async () => {
    expect(await errorOf('x,y\n')).toMatchInlineSnapshot(
      `"<folder>/train.csv holds no samples. Check the path. [DATA_EMPTY]"`,
    );
  });

  test('blank lines without end', async () => {
    const { folder, train } = await table(gzipSync(Buffer.alloc(10 << 20, '\n')));
    expect(await userErrorOf(openDataset('csv', { train }), folder)).toMatchInlineSnapshot(
      `"<folder>/train.csv has 8 MiB in which no row ends. Is it a CSV file? Look for a quote that is never closed. [DATA_CSV]"`,
    );
  });

  test('more classes than a data set can have', async () => {
    const rows = Array.from({ length: 100_001 }, (_, i) => `1,class${i}`);
    expect(await errorOf(['x,y', ...rows, '1,class0', ''].join('\n'))).toMatchInlineSnapshot(
      `"<folder>/train.csv:100002: column "y": this is a 100001th class; at most 100000 are read. Set label to the column of the class, or target: value if it is a number to regress. [DATA_CLASSES]"`,
    );
  });

  test('a class whose name is a novel', async () => {
    expect(await errorOf(`x,y\n1,${'a'.repeat(1001)}\n`)).toMatchInlineSnapshot(
      `"<folder>/train.csv:2: column "y": the name of a class has 1001 characters; at most 1000 are read. Set label to the column of the class, or target: value if it is a number to regress. [DATA_CLASSES]"`,
    );
  });

  test('a cell of any length, which the message cuts', async () => {
    expect(await errorOf(`x,y\n${'z'.repeat(5000)},a\n`)).toMatchInlineSnapshot(
      `"<folder>/train.csv:2: column "x" is "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz…", not a finite number. Correct the cell, leave the row out, or choose other columns with features. [DATA_NUMBER]"`,
    );
  });

  test('a row that never ends', async () => {
    const { folder, train } = await table(gzipSync(Buffer.alloc(10 << 20, 0x31)));
    expect(await userErrorOf(openDataset('csv', { train }), folder)).toMatchInlineSnapshot(
      `"<folder>/train.csv has 8 MiB in which no row ends. Is it a CSV file? Look for a quote that is never closed. [DATA_CSV]"`,
    );
  });
});
