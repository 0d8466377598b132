import type { Json } from '../../core/canonical-json.js';
import { digestOf } from '../../core/hash.js';
import { atLeastZero, instant, json, mappingOf } from '../../core/shape.js';
import { type ActionRecord, storedModel } from '../action-record.js';

/** What a stage that has the key hands over; the record of anything else is not its result. */
export interface ExpectedResult {
  /** Slots of the models that it makes. */
  readonly outputs: readonly string[];
  /** Metrics that it may report. */
  readonly metrics: readonly string[];
}

/**
 * A record out of JSON that anybody may have written, or undefined if it is not a possible result for the key: wrong
 * types, a key that its keyRecord does not make, other outputs than expected, file names that lead elsewhere.
 */
export function checkedRecord(value: Json, key: string, expected: ExpectedResult): ActionRecord | undefined {
  if (!isMapping(value) || value.schema !== 1 || value.key !== key) return undefined;
  const { keyRecord, outputs, metrics, durationMs, createdAt } = value;
  // The key is the digest of all that went into it, so nobody can pass the result of other work off as this one's
  // by the record alone; nor name other causes for it in `explain`.
  if (keyRecord === undefined || digestOf(keyRecord) !== key) return undefined;
  if (!isMapping(outputs) || !sameNames(Object.keys(outputs), expected.outputs)) return undefined;
  if (!Object.values(outputs).every(isModel)) return undefined;
  // Nobody walks through more levels than that.
  if (!json(keyRecord) || !mappingOf(json)(metrics)) return undefined;
  if (!isMapping(metrics) || !Object.keys(metrics).every((name) => expected.metrics.includes(name))) return undefined;
  if (!atLeastZero(durationMs) || !instant(createdAt)) return undefined;
  return value as unknown as ActionRecord;
}

/** Bytes of all files of a record. */
export function bytesOf(record: ActionRecord): number {
  return Object.values(record.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}

function isModel(value: Json | undefined): boolean {
  if (!isMapping(value) || !Array.isArray(value.files) || value.files.length === 0) return false;
  const files = value.files as readonly Json[];
  if (files.length > FILES_MAX || !files.every(isFile)) return false;
  if (new Set(files.map((file) => (file as { name: string }).name.toLowerCase())).size !== files.length) return false;
  const whole = storedModel(files as unknown as Parameters<typeof storedModel>[0]);
  return value.digest === whole.digest && value.bytes === whole.bytes && Number.isSafeInteger(whole.bytes);
}

function isFile(value: Json): boolean {
  if (!isMapping(value)) return false;
  const { name, digest, bytes } = value;
  if (typeof name !== 'string' || typeof digest !== 'string' || typeof bytes !== 'number') return false;
  return FILE_NAME.test(name) && /^[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(bytes) && bytes >= 0;
}

/** A model and its external data, no more. */
const FILES_MAX = 100;

/** No separators, no "..", nothing hidden: the name is used inside a folder of ours. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && others.every((name) => some.includes(name));
}

function isMapping(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
