import { expect, test } from 'vitest';
import { looksLike } from '../../src/data/looks-like.js';

test.each([
  ['', 'an empty file'],
  ['\x89PNG\r\n', 'a PNG image'],
  ['\x00\x00\x08\x03', 'an IDX file with 3 dimensions'],
  ['\x00\x00\x08\x01', 'an IDX file of labels'],
  ['  <html>', 'a web page (HTML or XML)'],
  ['{"a": 1}', 'JSON text'],
  ['a,b\n1,2', 'plain text'],
  ['\x01\x02\x03', 'an unknown binary format'],
  ['version https://git-lfs.example/spec', 'a Git LFS pointer, not the file itself (run `git lfs pull`)'],
])('%j looks like %s', (head, kind) => {
  expect(looksLike(Buffer.from(head, 'latin1'))).toBe(kind);
});
