import { lstat, writeFile } from 'node:fs/promises';
import { makeKeyPair } from '../../artifacts/remote/signing-key.js';
import { systemCode } from '../../artifacts/storage-error.js';
import { UserError } from '../../core/errors.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

/** `lathe cache keygen`: writes a key pair, the private key readable by its owner only. Throws REMOTE_KEY_FILE. */
export async function cacheKeygenCommand({ out }: { readonly out: string }, terminal: Terminal): Promise<number> {
  const { privatePem, publicKey } = makeKeyPair();
  const files = [
    { path: out, content: privatePem, mode: 0o600 },
    { path: `${out}.pub`, content: `${publicKey}\n`, mode: 0o644 },
  ];
  // Both are looked for before one is written: half a pair is of no use.
  for (const { path } of files) if (await isThere(path)) throw keyFileError(path, 'is there already');
  for (const { path, content, mode } of files) {
    await writeFile(path, content, { flag: 'wx', mode }).catch((cause) => {
      const code = systemCode(cause);
      if (code === undefined) throw cause;
      throw keyFileError(path, code === 'EEXIST' ? 'is there already' : `cannot be written (${code})`);
    });
  }
  terminal.out(`The private key is in ${out}; only you can read it. Whoever fills the cache sets
  LATHE_CACHE_SIGNING_KEY=${out}
The public key is in ${out}.pub; whoever uses the cache lists it in .lathe/config.yaml:
  remoteCache:
    publicKeys:
      - ${publicKey}`);
  return EXIT.ok;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function keyFileError(path: string, problem: string): UserError {
  return new UserError('REMOTE_KEY_FILE', `${path} ${problem}.`, 'Name another file with --out.', {
    place: { kind: 'file', file: path },
    class: 'usage',
  });
}
