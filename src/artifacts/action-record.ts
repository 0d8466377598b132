import { canonicalJson, type Json } from '../core/canonical-json.js';
import { digestOf, sha256 } from '../core/hash.js';
import {
  atLeastZero,
  digest,
  entries,
  exactly,
  instant,
  json,
  listOf,
  mappingOf,
  type Shape,
  text,
  whole,
} from '../core/shape.js';

/** A file of a model: the model itself, or its external data under the name by which the model refers to it. */
export interface StoredFile {
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
}

/** A model in the cache. */
export interface StoredModel {
  /** SHA-256 of the file; if there are several, of the list of their names and digests. */
  readonly digest: string;
  /** All files together. */
  readonly bytes: number;
  /** The model first. */
  readonly files: readonly StoredFile[];
}

/** What the digests of a key record stand for. Stored beside it, no part of the key. */
export interface KeyDetails {
  /** Digest → its parts: options of a data set, files of a plugin, files of a folder … */
  readonly contents: Readonly<Record<string, Json>>;
  /** Place in the key record ("/inputs/model", "/options/data") → what the recipe calls it. */
  readonly names: Readonly<Record<string, string>>;
}

/** What the cache knows about one key: the result of a stage that succeeded. */
export interface ActionRecord {
  readonly schema: 1;
  readonly key: string;
  /** Everything that went into the key, so that a miss can be explained. */
  readonly keyRecord: Json;
  /** What the digests in it stand for. */
  readonly details?: KeyDetails;
  readonly outputs: Readonly<Record<string, StoredModel>>;
  /** Outputs that are models of cells which the stage collected → the labels of these cells. */
  readonly chosen?: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, Json>>;
  readonly durationMs: number;
  readonly createdAt: string;
}

export function storedModel(files: readonly StoredFile[]): StoredModel {
  const first = files[0];
  if (first === undefined) throw new Error('internal: a model without a file');
  return {
    digest: files.length === 1 ? first.digest : digestOf(files.map(({ name, digest }) => ({ name, digest })) as Json),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files,
  };
}

/** The text of a record file: the record and its own digest; without the details where these are too many to be read again. */
export function encodeRecord(record: ActionRecord): string {
  const body = canonicalJson(record as unknown as Json);
  const { details, ...rest } = record;
  if (body.length > DETAILED_LENGTH_MAX && details !== undefined) return encodeRecord(rest);
  return `{"digest":"${sha256(body)}","record":${body}}\n`;
}

/** A record holds digests and metrics, and one digest for each file of a folder. What is larger is not read. */
export const RECORD_FILE_BYTES_MAX = 128 << 20;
/** In UTF-8, a character of JSON's text takes three bytes at most. */
const DETAILED_LENGTH_MAX = RECORD_FILE_BYTES_MAX / 4;

/**
 * The record of a file's text, or undefined if a single byte of it is not as it was written, it is of another key, or of a
 * form that this version does not know. That it has a digest says little: anybody can make one.
 */
export function decodeRecord(content: string, key: string): ActionRecord | undefined {
  const match = /^\{"digest":"([0-9a-f]{64})","record":(.*)\}\n$/s.exec(content);
  if (match === null || sha256(match[2]!) !== match[1]) return undefined;
  try {
    const record: unknown = JSON.parse(match[2]!);
    return isRecord(record) && (record as ActionRecord).key === key ? (record as ActionRecord) : undefined;
  } catch {
    return undefined;
  }
}

const hasFiles = entries({ digest, bytes: whole, files: listOf(entries({ name: isFileName, digest, bytes: whole })) });

/** Whether a value is a model whose files say what it is. */
const isModel: Shape = (value) => {
  if (!hasFiles(value)) return false;
  const model = value as StoredModel;
  const names = new Set(model.files.map(({ name }) => name.toLowerCase()));
  if (model.files.length === 0 || names.size < model.files.length) return false;
  const made = storedModel(model.files);
  return model.digest === made.digest && model.bytes === made.bytes;
};

/** A name in a folder, and nothing that leads out of it. */
function isFileName(name: unknown): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
  return typeof name === 'string' && /^[^/\\\u0000-\u001f]{1,255}$/.test(name) && name !== '.' && name !== '..';
}

const isRecord = entries(
  {
    schema: exactly(1),
    key: digest,
    keyRecord: json,
    outputs: mappingOf(isModel),
    metrics: mappingOf(json),
    durationMs: atLeastZero,
    createdAt: instant,
  },
  {
    details: entries({ contents: mappingOf(json), names: mappingOf(text()) }),
    chosen: mappingOf(text()),
  },
);
