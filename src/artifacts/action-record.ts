import { canonicalJson, type Json } from '../core/canonical-json.js';
import { digestOf, sha256 } from '../core/hash.js';

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

/** The text of a record file: the record and its own digest. */
export function encodeRecord(record: ActionRecord): string {
  const body = canonicalJson(record as unknown as Json);
  return `{"digest":"${sha256(body)}","record":${body}}\n`;
}

/** The record of a file's text, or undefined if a single byte of it is not as it was written, or it is of another key. */
export function decodeRecord(text: string, key: string): ActionRecord | undefined {
  const match = /^\{"digest":"([0-9a-f]{64})","record":(.*)\}\n$/s.exec(text);
  if (match === null || sha256(match[2]!) !== match[1]) return undefined;
  const record = JSON.parse(match[2]!) as ActionRecord;
  return record.schema === 1 && record.key === key ? record : undefined;
}
