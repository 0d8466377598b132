import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RemoteRequest, remoteSettings } from '../../../src/artifacts/remote/remote-settings.js';
import { makeKeyPair } from '../../../src/artifacts/remote/signing-key.js';
import type { UserErrors } from '../../../src/core/errors.js';
import { formatUserError } from '../../../src/core/format-error.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const HTTP = 'https://cache.example/lathe';

/** @param config text of .lathe/config.yaml */
function settings(config: string | null, request: Partial<RemoteRequest> = {}) {
  const recipeFolder = temporaryFolder(config === null ? {} : { '.lathe/config.yaml': config });
  return remoteSettings({ recipeFolder, address: undefined, writes: false, environment: {}, ...request });
}

async function refusal(config: string | null, request: Partial<RemoteRequest> = {}): Promise<string> {
  try {
    await settings(config, request);
  } catch (error) {
    return formatUserError(error as UserErrors).replaceAll(/\S*\/(?=\.lathe)/g, '');
  }
  throw new Error('accepted');
}

const FILE = `remoteCache:
  url: ${HTTP}
`;

describe('the remote cache of a run', () => {
  it('is none unless one is named', async () => {
    expect(await settings(null)).toBeNull();
    expect(await settings('# nothing yet\n')).toBeNull();
    expect(await settings('remoteCache: {}')).toBeNull();
    expect(await settings(null, { environment: { LATHE_REMOTE_CACHE: '' } })).toBeNull();
  });

  it('is named by the command line before the environment, and by that before the file', async () => {
    const environment = { LATHE_REMOTE_CACHE: 'https://environment.example' };
    const host = async (request: Partial<RemoteRequest>) => {
      const found = await settings(FILE, request);
      return found?.address.kind === 'http' ? [found.namedBy, found.address.url.host] : null;
    };
    expect(await host({ address: 'https://option.example', environment })).toEqual(['option', 'option.example']);
    expect(await host({ environment })).toEqual(['environment', 'environment.example']);
    expect(await host({})).toEqual(['file', 'cache.example']);
    expect(await host({ address: false, environment })).toBeNull();
  });

  it('is only read, unless the command line or the file says that it is written', async () => {
    expect((await settings(FILE))?.writes).toBe(false);
    expect((await settings(FILE, { writes: true }))?.writes).toBe(true);
    expect((await settings(`${FILE}  write: true\n`))?.writes).toBe(true);
  });

  it('takes keys and time limit from the file, and keys from the environment before those', async () => {
    const [inFile, inVariable] = [makeKeyPair().publicKey, makeKeyPair().publicKey];
    const config = `${FILE}  timeout: 1m\n  publicKeys: ["${inFile}"]\n`;
    const found = await settings(config);
    expect(found).toMatchObject({ timeoutMs: 60_000, publicKeys: [{ text: inFile }] });
    const environment = { LATHE_REMOTE_CACHE_KEYS: ` ${inVariable}, ${inFile} ` };
    expect((await settings(config, { environment }))?.publicKeys.map(({ text }) => text)).toEqual([inVariable, inFile]);
  });

  it('reads the signing key only for writing, and requires that its public key is trusted', async () => {
    const { privatePem, publicKey } = makeKeyPair();
    const environment = { LATHE_CACHE_SIGNING_KEY: privatePem };
    const config = `${FILE}  publicKeys: ["${publicKey}"]\n`;
    expect((await settings(config, { environment }))?.signer).toBeNull();
    expect((await settings(config, { environment, writes: true }))?.signer?.publicKey).toBe(publicKey);
    expect(await refusal(config, { writes: true })).toMatch(/publicKeys are configured, and nothing signs them\./);
    const stranger = { LATHE_CACHE_SIGNING_KEY: makeKeyPair().privatePem };
    const text = await refusal(config, { writes: true, environment: stranger });
    expect(text).toMatch(/the signing key's public key ed25519:\S+ is not among publicKeys\./);
  });
});

describe('credentials', () => {
  const environment = { LATHE_REMOTE_CACHE_AUTHORIZATION: 'Bearer hunter2' };

  it('go to an address that the user gave, and never to one from a file', async () => {
    expect((await settings(null, { address: HTTP, environment }))?.authorization).toBe('Bearer hunter2');
    expect((await settings(FILE, { environment }))?.authorization).toBeNull();
  });

  it('do not travel unencrypted, except to this machine', async () => {
    const text = await refusal(null, { address: 'http://cache.example', environment });
    expect(text).toMatch(/would travel unencrypted to cache\.example\./);
    expect(text).not.toContain('hunter2');
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:8080']) {
      expect((await settings(null, { address: `http://${host}`, environment }))?.authorization).toBe('Bearer hunter2');
    }
    expect(await refusal(null, { address: 'http://localhost.evil.example', environment })).toMatch(/unencrypted/);
  });

  it('that no header can hold are refused without being repeated', async () => {
    const broken = { LATHE_REMOTE_CACHE_AUTHORIZATION: 'Bearer hunter2\r\nx: y' };
    const text = await refusal(null, { address: HTTP, environment: broken });
    expect(text).toMatch(/has characters that no header can hold/);
    expect(text).not.toContain('hunter2');
  });

  it('of AWS come from its variables, both or none', async () => {
    const aws = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hunter2', AWS_SESSION_TOKEN: 'token' };
    const address = 's3://models';
    expect((await settings(null, { address, environment: aws }))?.credentials).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'hunter2',
      sessionToken: 'token',
    });
    expect((await settings(null, { address }))?.credentials).toBeNull();
    expect(await refusal(null, { address, environment: { AWS_SECRET_ACCESS_KEY: 'hunter2' } })).toMatch(
      /^AWS_ACCESS_KEY_ID is not set, while its companion is\./,
    );
    expect(await refusal(null, { address, writes: true })).toMatch(/^Storing results in the bucket models takes cred/);
    expect((await settings(null, { address: HTTP, environment: aws }))?.credentials).toBeNull();
  });

  it('of AWS are for the region of the address, else of its variables', async () => {
    const regionFor = async (address: string, environment = {}) =>
      (await settings(null, { address, environment }))?.region;
    expect(await regionFor('s3://models?region=eu-1', { AWS_REGION: 'us-2' })).toBe('eu-1');
    expect(await regionFor('s3://models', { AWS_REGION: 'us-2', AWS_DEFAULT_REGION: 'us-3' })).toBe('us-2');
    expect(await regionFor('s3://models', { AWS_DEFAULT_REGION: 'us-3' })).toBe('us-3');
    expect(await regionFor('s3://models')).toBe('us-east-1');
  });
});

describe('mistakes', () => {
  it('in the file are shown with their places, all at once', async () => {
    const config = `remoteCahce:
  url: 7
  write: yes
  publicKeys: key
  timeout: soon
`;
    expect(await refusal(config)).toMatchInlineSnapshot(`
      ".lathe/config.yaml:1:1 "remoteCahce" is not a key of the configuration.
      remoteCahce:
      ~~~~~~~~~~~
      Did you mean "remoteCache"?  [CONFIG_INVALID]

      .lathe/config.yaml:2:8 "url" takes a text, not the number 7.
        url: 7
             ~
      [CONFIG_INVALID]

      .lathe/config.yaml:3:10 "write" takes true or false, not the text "yes".
        write: yes
               ~~~
      [CONFIG_INVALID]

      .lathe/config.yaml:4:15 "publicKeys" takes a list, not the text "key".
        publicKeys: key
                    ~~~
      [CONFIG_INVALID]

      .lathe/config.yaml:5:12 "timeout" takes a number above 0 (such as 500ms, 90s, 20m or 1h30m), not the text "soon".
        timeout: soon
                 ~~~~
      [CONFIG_INVALID]"
    `);
    expect(await refusal(config.replace('Cahce', 'Cache'))).toMatchInlineSnapshot(`
      ".lathe/config.yaml:2:8 "url" takes a text, not the number 7.
        url: 7
             ~
      [CONFIG_INVALID]

      .lathe/config.yaml:3:10 "write" takes true or false, not the text "yes".
        write: yes
               ~~~
      [CONFIG_INVALID]

      .lathe/config.yaml:4:15 "publicKeys" takes a list, not the text "key".
        publicKeys: key
                    ~~~
      [CONFIG_INVALID]

      .lathe/config.yaml:5:12 "timeout" takes a number above 0 (such as 500ms, 90s, 20m or 1h30m), not the text "soon".
        timeout: soon
                 ~~~~
      [CONFIG_INVALID]"
    `);
  });

  it('in an address or key of the file are shown with their places', async () => {
    expect(await refusal('remoteCache: { url: "https://me:hunter2@cache.example" }')).toMatchInlineSnapshot(`
      ".lathe/config.yaml:1:21 The address of the remote cache at cache.example contains a user name or password.
      Addresses end up in logs: give them in LATHE_REMOTE_CACHE_AUTHORIZATION instead.  [REMOTE_CREDENTIALS]"
    `);
    expect(await refusal(`${FILE}  publicKeys: [none]\n`)).toMatchInlineSnapshot(`
      ".lathe/config.yaml:3:16 "none" is no public key: one is "ed25519:" and 44 characters of base64.
        publicKeys: [none]
                     ~~~~
      \`lathe cache keygen\` makes a key pair and prints its public key.  [REMOTE_PUBLIC_KEY]"
    `);
  });

  it('against YAML are those of this file, not of a recipe', async () => {
    expect(await refusal('remoteCache: [')).toMatch(/^\.lathe\/config\.yaml:1:\d+ .*\[CONFIG_INVALID\]$/s);
    expect(await refusal('- a list')).toMatch(/\[CONFIG_INVALID\]$/);
  });

  it('of a file that is a pipe, or larger than any, are told without reading it', async () => {
    const recipeFolder = temporaryFolder({ '.lathe/config.yaml': `#${' '.repeat(100_000)}` });
    const request = { address: undefined, writes: false, environment: {}, recipeFolder };
    const refused = { code: 'CONFIG_INVALID', message: expect.stringContaining('more than 100000') };
    await expect(remoteSettings(request)).rejects.toMatchObject(refused);
    rmSync(join(recipeFolder, '.lathe', 'config.yaml'));
    execFileSync('mkfifo', [join(recipeFolder, '.lathe', 'config.yaml')]);
    await expect(remoteSettings(request)).rejects.toMatchObject(refused);
  });

  it('are to write where nothing is configured', async () => {
    expect(await refusal(null, { writes: true })).toMatchInlineSnapshot(`
      "Results are to be stored in a remote cache, but none is configured.
      Name it with --remote-cache, LATHE_REMOTE_CACHE or .lathe/config.yaml.  [REMOTE_NOT_CONFIGURED]"
    `);
    expect(await settings(null, { writes: true, address: false })).toBeNull();
  });

  it('are not folders named like the file', async () => {
    const recipeFolder = temporaryFolder({ '.lathe': 'a file' });
    const request = { address: undefined, writes: false, environment: {} };
    expect(await remoteSettings({ ...request, recipeFolder })).toBeNull();
    const other = temporaryFolder({ '.lathe/config.yaml/x': '' });
    await expect(remoteSettings({ ...request, recipeFolder: other })).rejects.toThrow(join('.lathe', 'config.yaml'));
  });
});
