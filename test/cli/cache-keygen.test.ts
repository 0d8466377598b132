import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPublicKey, readSigner } from '../../src/artifacts/remote/signing-key.js';
import { lathe } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const keygen = (cwd: string, ...argv: string[]) => lathe(['cache', 'keygen', ...argv], { cwd });

describe('lathe cache keygen', () => {
  it('writes a pair that fits, the private key for its owner only, and says where they go', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await keygen(cwd);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const path = join(cwd, 'lathe-cache.key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const publicKey = readFileSync(`${path}.pub`, 'utf8').trim();
    const signer = await readSigner(path);
    expect(signer.publicKey).toBe(publicKey);
    const message = Buffer.from('a message');
    expect(readPublicKey(publicKey).verifies(message, signer.sign(message))).toBe(true);
    expect(stdout).toContain(`  remoteCache:\n    publicKeys:\n      - ${publicKey}\n`);
    expect(stdout).toContain('  LATHE_CACHE_SIGNING_KEY=lathe-cache.key\n');
    expect(stdout).not.toContain('PRIVATE KEY-----');
  });

  it('overwrites nothing', async () => {
    const cwd = temporaryFolder({ 'a.key': 'precious', 'b.key.pub': 'precious' });
    for (const [name, taken] of [
      ['a.key', 'a.key'],
      ['b.key', 'b.key.pub'],
    ] as const) {
      const { code, stderr } = await keygen(cwd, '--out', name);
      expect(code).toBe(2);
      expect(stderr).toContain(`${taken} is there already.`);
      expect(stderr).toContain('[REMOTE_KEY_FILE]');
    }
    expect(readFileSync(join(cwd, 'a.key'), 'utf8')).toBe('precious');
    expect(existsSync(join(cwd, 'b.key'))).toBe(false);
  });

  it('tells when the folder is missing', async () => {
    const { code, stderr } = await keygen(temporaryFolder(), '--out', 'none/a.key');
    expect(code).toBe(2);
    expect(stderr).toContain('none/a.key cannot be written (ENOENT).');
  });
});
