import { canonicalJson, type Json } from '../../core/canonical-json.js';
import { sha256 } from '../../core/hash.js';
import type { ActionRecord } from '../action-record.js';
import { checkedRecord, type ExpectedResult } from './check-record.js';
import type { PublicKey, Signer } from './signing-key.js';

/** What a remote's record is worth. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly record: ActionRecord }
  /** Not signed by a key that is trusted: nobody vouches for it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Not what any Lathe stored under the key. */
  | { readonly kind: 'damaged' };

/**
 * The text of a record on a remote: { digest, record, signature? }. The digest is the SHA-256 of the record's canonical
 * JSON (RFC 8785); the signature, Ed25519, is that of SIGNED_PREFIX and the same JSON, which includes the key.
 * @param signer null leaves it unsigned
 */
export function encodeSigned(record: ActionRecord, signer: Signer | null): Uint8Array {
  const shared = sharedPart(record);
  const body = canonicalJson(shared);
  const signature = signer && {
    by: signer.publicKey,
    value: Buffer.from(signer.sign(messageOf(body))).toString('base64'),
  };
  const text = canonicalJson({ digest: sha256(body), record: shared, ...(signature && { signature }) });
  return Buffer.from(`${text}\n`);
}

/** What another machine needs; whatever else a record may hold (names in a recipe, paths) is nobody's business there. */
function sharedPart({ schema, key, keyRecord, outputs, metrics, durationMs, createdAt }: ActionRecord): Json {
  return { schema, key, keyRecord, outputs, metrics, durationMs, createdAt } as unknown as Json;
}

/** @param trusted keys of which one must have signed; with none, unsigned records are accepted */
export function decodeSigned(
  content: Uint8Array,
  key: string,
  expected: ExpectedResult,
  trusted: readonly PublicKey[],
): Verdict {
  let parsed: { digest?: Json; record?: Json; signature?: { by?: Json; value?: Json } };
  let body: string;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    body = canonicalJson(parsed.record ?? null);
  } catch {
    // No JSON, no UTF-8, or nested so deeply that it cannot be written again.
    return { kind: 'damaged' };
  }
  if (sha256(body) !== parsed.digest) return { kind: 'damaged' };
  const reason = trusted.length === 0 ? undefined : whyUntrusted(body, parsed.signature, trusted);
  if (reason !== undefined) return { kind: 'refused', reason };
  const record = checkedRecord(parsed.record ?? null, key, expected);
  return record === undefined ? { kind: 'damaged' } : { kind: 'accepted', record };
}

function whyUntrusted(
  body: string,
  signature: { by?: Json; value?: Json } | undefined,
  trusted: readonly PublicKey[],
): string | undefined {
  if (signature === undefined || signature === null) return 'it is not signed';
  const signer = trusted.find(({ text }) => text === signature.by);
  if (signer === undefined) return 'it is signed by a key that is not among your publicKeys';
  const value = Buffer.from(typeof signature.value === 'string' ? signature.value : '', 'base64');
  // One text for one signature: decoders pass over what does not belong.
  const isPlain = value.toString('base64') === signature.value;
  return isPlain && signer.verifies(messageOf(body), value) ? undefined : 'its signature is wrong';
}

/** The prefix keeps a signature from meaning anything elsewhere. */
function messageOf(body: string): Uint8Array {
  return Buffer.from(SIGNED_PREFIX + body);
}

const SIGNED_PREFIX = 'onnx-lathe cache record 1\n';
