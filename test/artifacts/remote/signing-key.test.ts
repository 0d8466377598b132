import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKeyPair, readPublicKey, readSigner } from '../../../src/artifacts/remote/signing-key.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('a key', () => {
  it('signs as RFC 8032 says (section 7.1, test 2)', async () => {
    const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
    const pem = `-----BEGIN PRIVATE KEY-----\n${hex(`302e020100300506032b657004220420${seed}`).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const signer = await readSigner(pem);
    const publicBytes = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    expect(signer.publicKey).toBe(`ed25519:${publicBytes.toString('base64')}`);
    expect(Buffer.from(signer.sign(hex('72'))).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
    expect(readPublicKey(signer.publicKey).verifies(hex('72'), signer.sign(hex('72')))).toBe(true);
    expect(readPublicKey(signer.publicKey).verifies(hex('73'), signer.sign(hex('72')))).toBe(false);
  });

  it('is read from a file as well', async () => {
    const { privatePem, publicKey } = makeKeyPair();
    const folder = temporaryFolder({ key: privatePem });
    expect((await readSigner(join(folder, 'key'))).publicKey).toBe(publicKey);
  });

  it('differs from pair to pair', () => {
    expect(makeKeyPair().publicKey).not.toBe(makeKeyPair().publicKey);
  });
});

describe('what is no key', () => {
  it('is refused as a public key', () => {
    const { publicKey } = makeKeyPair();
    for (const text of ['', 'ed25519:', publicKey.slice(0, -2), publicKey.replace('ed25519', 'rsa'), `${publicKey}=`]) {
      expect(() => readPublicKey(text), text).toThrow(/is no public key: one is "ed25519:" and 44 characters/);
    }
  });

  it('is refused as a signing key, without a word of its content', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const folder = temporaryFolder({ text: 'my secret text', rsa });
    const refusal = (setting: string) => readSigner(setting).catch((error: Error) => error.message);
    expect(await refusal(join(folder, 'none'))).toMatch(/\/none does not exist\. Make one with `lathe cache keygen`/);
    expect(await refusal(join(folder, 'text'))).toMatch(/\/text is no private key\./);
    expect(await refusal(join(folder, 'rsa'))).toMatch(/\/rsa is not one of Ed25519\./);
    expect(await refusal('-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n')).toBe(
      'The signing key in the environment is no private key. Make one with `lathe cache keygen`, and set LATHE_CACHE_SIGNING_KEY to the path of its file.',
    );
  });
});
