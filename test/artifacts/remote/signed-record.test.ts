import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../../src/artifacts/action-record.js';
import { decodeSigned, encodeSigned } from '../../../src/artifacts/remote/signed-record.js';
import { makeKeyPair, readPublicKey, readSigner, type Signer } from '../../../src/artifacts/remote/signing-key.js';
import { Store } from '../../../src/artifacts/store.js';
import { canonicalJson, type Json } from '../../../src/core/canonical-json.js';
import { digestOf, sha256 } from '../../../src/core/hash.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { commitResult, EXPECTED, KEY } from './rig.js';

let record: ActionRecord;
beforeEach(async () => {
  record = await commitResult(new Store(join(temporaryFolder(), 'cache')));
});

async function keys() {
  const { privatePem, publicKey } = makeKeyPair();
  return { signer: await readSigner(privatePem), trusted: [readPublicKey(publicKey)] };
}

/** The stored text as JSON, changed, and written again. */
function changed(content: Uint8Array, change: (document: Document) => void): Uint8Array {
  const document = JSON.parse(Buffer.from(content).toString()) as Document;
  change(document);
  document.digest = digestOf(document.record as unknown as Json);
  return Buffer.from(JSON.stringify(document));
}

interface Document {
  digest: string;
  record: { -readonly [K in keyof ActionRecord]: ActionRecord[K] };
  signature?: { by: string; value: string };
}

describe('a signed record', () => {
  it('is accepted from a key that is trusted', async () => {
    const { signer, trusted } = await keys();
    const others = (await keys()).trusted;
    expect(decodeSigned(encodeSigned(record, signer), KEY, EXPECTED, [...others, ...trusted])).toEqual({
      kind: 'accepted',
      record,
    });
  });

  it('can be verified by what docs/remote-cache.md says, without our code', async () => {
    const { signer } = await keys();
    const document = JSON.parse(Buffer.from(encodeSigned(record, signer)).toString()) as Document;
    const { by, value } = document.signature!;
    const x = Buffer.from(by.slice('ed25519:'.length), 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const message = `onnx-lathe cache record 1\n${canonicalJson(document.record as unknown as Json)}`;
    expect(verify(null, Buffer.from(message), key, Buffer.from(value, 'base64'))).toBe(true);
    expect(document.record.key).toBe(KEY);
  });

  it('is accepted whatever the order of its keys and the white space', async () => {
    const { signer, trusted } = await keys();
    const { signature, record: inner, digest } = JSON.parse(Buffer.from(encodeSigned(record, signer)).toString());
    const reordered = { signature, record: Object.fromEntries(Object.entries(inner).reverse()), digest };
    const text = Buffer.from(JSON.stringify(reordered, null, 2));
    expect(decodeSigned(text, KEY, EXPECTED, trusted).kind).toBe('accepted');
  });

  it('is refused unsigned, signed by a stranger, or with the signature of something else', async () => {
    const { signer, trusted } = await keys();
    const verdict = (content: Uint8Array) => decodeSigned(content, KEY, EXPECTED, trusted);
    expect(verdict(encodeSigned(record, null))).toEqual({ kind: 'refused', reason: 'it is not signed' });
    expect(verdict(encodeSigned(record, (await keys()).signer))).toEqual({
      kind: 'refused',
      reason: 'it is signed by a key that is not among your publicKeys',
    });
    const wrong = { kind: 'refused', reason: 'its signature is wrong' };
    const signed = encodeSigned(record, signer);
    expect(verdict(changed(signed, (it) => Object.assign(it.record.metrics, { accuracy: 0.99 })))).toEqual(wrong);
    expect(verdict(changed(signed, (it) => Object.assign(it.signature!, { value: 'AAAA' })))).toEqual(wrong);
    expect(verdict(changed(signed, (it) => Object.assign(it.signature!, { value: 7 })))).toEqual(wrong);
    const bare: Signer = { publicKey: signer.publicKey, sign: (message) => signer.sign(message.subarray(1)) };
    expect(verdict(encodeSigned(record, bare))).toEqual(wrong);
  });

  it('is refused with any bit of it flipped', async () => {
    const { signer, trusted } = await keys();
    const intact = encodeSigned(record, signer);
    for (let at = 0; at < intact.length - 1; at++) {
      const bytes = Buffer.from(intact);
      bytes[at]! ^= 1 << (at % 8);
      expect(decodeSigned(bytes, KEY, EXPECTED, trusted).kind, `byte ${at}`).not.toBe('accepted');
    }
  });

  it('of a result for one key says nothing for another', async () => {
    const { signer, trusted } = await keys();
    expect(decodeSigned(encodeSigned(record, signer), sha256('other'), EXPECTED, trusted).kind).toBe('damaged');
  });
});

describe('what leaves the machine', () => {
  it('is the result and what made its key, nothing that the local cache keeps beside', () => {
    const more = { ...record, notes: 'secret-project' };
    expect(Buffer.from(encodeSigned(more, null)).toString()).not.toContain('secret-project');
  });
});

describe('without trusted keys', () => {
  it('unsigned and signed records are accepted, damaged ones are not', async () => {
    const { signer } = await keys();
    for (const content of [encodeSigned(record, null), encodeSigned(record, signer)]) {
      expect(decodeSigned(content, KEY, EXPECTED, []).kind).toBe('accepted');
      expect(decodeSigned(content.subarray(0, -9), KEY, EXPECTED, []).kind).toBe('damaged');
    }
    const edited = changed(encodeSigned(record, null), (it) => Object.assign(it, { record: null }));
    expect(decodeSigned(edited, KEY, EXPECTED, []).kind).toBe('damaged');
  });

  it('a record is no result if a file name, size or date is not one', () => {
    const files = (value: Json) => ({
      outputs: { ...record.outputs, model: { ...record.outputs.model!, files: value } },
    });
    const [file] = record.outputs.model!.files;
    const bad: readonly object[] = [
      files([]),
      files([{ ...file, name: '' }]),
      files([{ ...file, name: '..' }]),
      files([{ ...file, name: '.hidden' }]),
      files([{ ...file, name: 'a/b' }]),
      files([{ ...file, name: 'a\\b' }]),
      files([{ ...file, name: 'a\0' }]),
      files([{ ...file, name: 'x'.repeat(300) }]),
      files([{ ...file, bytes: -1 }]),
      files([{ ...file, bytes: 1.5 }]),
      files([{ ...file, bytes: '20' }]),
      files([{ ...file, digest: file!.digest.toUpperCase() }]),
      files([file as unknown as Json, file as unknown as Json]),
      { metrics: [] },
      { durationMs: -1 },
      { durationMs: null },
      { createdAt: '\x1b[31m' },
      { schema: 2 },
    ];
    for (const fields of bad) {
      const content = changed(encodeSigned(record, null), (it) => Object.assign(it.record, fields));
      expect(decodeSigned(content, KEY, EXPECTED, []).kind, JSON.stringify(fields)).toBe('damaged');
    }
  });

  it('names that JavaScript treats in a special way are names like others', () => {
    const content = Buffer.from(encodeSigned(record, null)).toString();
    const { record: inner } = JSON.parse(content.replace('"metrics":{', '"metrics":{"__proto__":1,'));
    const text = `{"digest":"${digestOf(inner)}","record":${canonicalJson(inner)}}`;
    expect(decodeSigned(Buffer.from(text), KEY, EXPECTED, []).kind).toBe('damaged');
  });
});
