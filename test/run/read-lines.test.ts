import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { maskOf } from '../../src/core/mask.js';
import { LINE_LENGTH_MAX, readLines } from '../../src/run/read-lines.js';

/** The lines of a text that arrives in pieces. */
async function linesOf(pieces: readonly (string | Buffer)[], secrets: readonly string[] = []): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, maskOf(secrets), (line) => lines.push(line));
  for (const piece of pieces) stream.write(piece);
  stream.end();
  await new Promise((resolve) => stream.once('end', resolve));
  return lines;
}

test('lines end as they do on any system, wherever the pieces end', async () => {
  expect(await linesOf(['a\nb\r', '\nc\rd\n\ne'])).toEqual(['a', 'b', 'c', 'd', '', 'e']);
});

test('a character whose bytes come in two pieces stays whole', async () => {
  const bytes = Buffer.from('ä€\n');
  expect(await linesOf([bytes.subarray(0, 3), bytes.subarray(3)])).toEqual(['ä€']);
});

test('of an endless line the beginning is kept, and what follows it is read', async () => {
  const lines = await linesOf([...Array.from({ length: 100 }, () => 'x'.repeat(1000)), '\nnext\n']);
  expect(lines).toEqual([`${'x'.repeat(LINE_LENGTH_MAX)} …`, 'next']);
});

test('a secret across the place where a line is cut is hidden whole', async () => {
  const [line] = await linesOf([`${'x'.repeat(LINE_LENGTH_MAX - 3)}topsecret${'y'.repeat(50)}`], ['topsecret']);
  expect(line).toBe(`${'x'.repeat(LINE_LENGTH_MAX - 3)}*** …`);
});
