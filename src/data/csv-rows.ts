import { Readable } from 'node:stream';
import type { ParseError } from 'papaparse';
import { UserError } from '../core/errors.js';
import { ByteReader } from './byte-reader.js';
import { checkUnpackedSize } from './unpacked-size.js';

/** Bytes in which no row ends, blank lines aside, are no table: they would only fill the memory, or take forever. */
const MAX_ROW_BYTES = 8 << 20;

export interface Row {
  readonly fields: readonly string[];
  /** Line of the file where the row begins, from 1. */
  readonly line: number;
}

/**
 * Calls `visit` for every row of a CSV file, gzipped or not, as a stream; blank lines are left out.
 * Throws DATA_CSV for unbalanced quotes, what checkUnpackedSize and ByteReader throw, and what `visit` throws.
 */
export async function visitRows(
  path: string,
  delimiter: string,
  signal: AbortSignal,
  visit: (row: Row) => void,
): Promise<void> {
  await checkUnpackedSize(path, signal);
  const reader = await ByteReader.open(path, signal);
  let bytesSinceRow = 0;
  let isFirst = true;
  async function* text(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    for await (const chunk of reader.remaining()) {
      bytesSinceRow += chunk.length;
      if (bytesSinceRow > MAX_ROW_BYTES) {
        throw new UserError(
          'DATA_CSV',
          `${path} has ${MAX_ROW_BYTES >> 20} MiB in which no row ends.`,
          'Is it a CSV file? Look for a quote that is never closed.',
        );
      }
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  }
  let line = 1;
  const step = (fields: readonly string[], errors: readonly ParseError[]) => {
    const start = line;
    line++;
    for (const field of fields) if (field.includes('\n')) line += field.split('\n').length - 1;
    const quotes = errors.find((error) => error.type === 'Quotes');
    if (quotes !== undefined) {
      throw new UserError('DATA_CSV', `${path}:${start}: ${quotes.message}.`, 'Balance the quotes of this row.');
    }
    if (isBlank(fields)) return;
    bytesSinceRow = 0;
    visit({ fields: isFirst ? withoutByteOrderMark(fields) : fields, line: start });
    isFirst = false;
  };
  try {
    await parseStream(Readable.from(text()), delimiter, step);
  } finally {
    await reader.close();
  }
}

async function parseStream(
  stream: Readable,
  delimiter: string,
  step: (fields: readonly string[], errors: readonly ParseError[]) => void,
): Promise<void> {
  const { default: Papa } = await import('papaparse');
  return new Promise((resolve, reject) => {
    let failure: { readonly reason: unknown } | undefined;
    Papa.parse<string[]>(stream, {
      delimiter,
      step: ({ data, errors }, parser) => {
        if (failure !== undefined) return;
        try {
          step(data, errors);
        } catch (reason) {
          failure = { reason };
          parser.abort();
          stream.destroy();
          reject(reason);
        }
      },
      complete: () => {
        if (failure === undefined) resolve();
      },
      error: (reason) => reject(reason),
    });
  });
}

function isBlank(fields: readonly string[]): boolean {
  return fields.length === 0 || (fields.length === 1 && fields[0]!.trim() === '');
}

function withoutByteOrderMark(fields: readonly string[]): readonly string[] {
  return [fields[0]!.replace(/^\uFEFF/, ''), ...fields.slice(1)];
}
