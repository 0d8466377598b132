import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UserError } from '../../core/errors.js';

/** An Ed25519 public key that records may be signed by. */
export interface PublicKey {
  /** As configurations have it: "ed25519:" and the 32 bytes of the key in base64. */
  readonly text: string;
  verifies(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface Signer {
  /** Text of the public key that belongs to it. */
  readonly publicKey: string;
  sign(message: Uint8Array): Uint8Array;
}

/** A new key pair: the private key as PEM (PKCS #8), the public one as configurations have it. */
export function makeKeyPair(): { readonly privatePem: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: textOf(publicKey),
  };
}

/** Throws REMOTE_PUBLIC_KEY. */
export function readPublicKey(text: string): PublicKey {
  const match = /^ed25519:([A-Za-z0-9+/]{43}=)$/.exec(text);
  const bytes = Buffer.from(match?.[1] ?? '', 'base64');
  if (bytes.length !== 32) {
    throw new UserError(
      'REMOTE_PUBLIC_KEY',
      `"${text}" is no public key: one is "ed25519:" and 44 characters of base64.`,
      '`lathe cache keygen` makes a key pair and prints its public key.',
      { class: 'usage' },
    );
  }
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
  return { text, verifies: (message, signature) => verify(null, message, key, signature) };
}

/**
 * The private key that a setting names: the path of a PEM file, or the text of one.
 * Throws REMOTE_SIGNING_KEY, which never quotes the key.
 */
export async function readSigner(setting: string): Promise<Signer> {
  const isText = setting.trimStart().startsWith('-----BEGIN');
  const where = isText ? 'The signing key in the environment' : `The signing key ${setting}`;
  let key: KeyObject;
  try {
    key = createPrivateKey(isText ? setting : await readFile(setting));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : 'is no private key';
    // Without the cause: what OpenSSL or the file system says of a key is nothing for a log.
    throw signingKeyError(`${where} ${reason}.`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw signingKeyError(`${where} is not one of Ed25519.`);
  return { publicKey: textOf(createPublicKey(key)), sign: (message) => sign(null, message, key) };
}

function signingKeyError(problem: string): UserError {
  const fix = 'Make one with `lathe cache keygen`, and set LATHE_CACHE_SIGNING_KEY to the path of its file.';
  return new UserError('REMOTE_SIGNING_KEY', problem, fix, { class: 'usage' });
}

function textOf(publicKey: KeyObject): string {
  const { x } = publicKey.export({ format: 'jwk' }) as { x: string };
  return `ed25519:${Buffer.from(x, 'base64url').toString('base64')}`;
}
