import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKeyPair } from '../../src/artifacts/remote/signing-key.js';
import { freePort, objectsServer, S3_KEY, s3Server, tcpServer } from '../artifacts/remote/servers.js';
import { type Finished, lastRun, lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECIPE = `version: 1
name: toy
seed: 7
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make, with: { size: 8 } }
  - { id: small, uses: toy-shrink, with: { limit: 0.5 } }
  - { id: check, uses: toy-judge }
exports:
  model: { from: small, to: dist/model.onnx }
`;

interface Machine {
  readonly cwd: string;
  run(...argv: string[]): Promise<Finished>;
  statuses(): string[];
  exported(): Buffer;
}

/** A folder with the recipe and a cache of its own. @param config what .lathe/config.yaml says under remoteCache */
function machine({ config = null as object | null, env = {} } = {}): Machine {
  const cwd = temporaryFolder({ 'recipe.yaml': RECIPE });
  if (config !== null) {
    mkdirSync(join(cwd, '.lathe'));
    writeFileSync(join(cwd, '.lathe', 'config.yaml'), JSON.stringify({ remoteCache: config }));
  }
  return {
    cwd,
    run: (...argv) => lathe(['run', ...argv], { cwd, env }),
    statuses: () => statuses(lastRun(cwd)),
    exported: () => readFileSync(join(cwd, 'dist', 'model.onnx')),
  };
}

const RAN = ['base ran', 'small ran', 'check ran'];
const CACHED = ['base cached', 'small cached', 'check cached'];

describe('lathe run with a remote cache', () => {
  it('takes what another machine computed, bit for bit, and tells where it is from', async () => {
    const { url, requests } = await objectsServer();
    const first = machine();
    const alone = await first.run('--remote-cache', url, '--remote-write');
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(first.statuses()).toEqual(RAN);

    const second = machine({ env: { LATHE_REMOTE_CACHE: url } });
    const { code, stdout, stderr } = await second.run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('found in the remote cache');
    expect(second.statuses()).toEqual(CACHED);
    expect(second.exported().equals(first.exported())).toBe(true);
    const [one, other] = [first, second].map(({ cwd }) =>
      lastRun(cwd).stages.map(({ metrics, key }) => ({ metrics, key })),
    );
    expect(other).toEqual(one);

    const asked = requests.length;
    await second.run();
    expect(second.statuses()).toEqual(CACHED);
    expect(requests).toHaveLength(asked);
  });

  it('writes nothing unless it is told to, and asks nobody unless one is named', async () => {
    const { url, requests, objects } = await objectsServer();
    await machine().run('--remote-cache', url);
    expect(objects.size).toBe(0);
    expect(new Set(requests.map((request) => request.split(' ')[0]))).toEqual(new Set(['GET']));
    const asked = requests.length;
    await machine().run();
    await machine({ config: { url }, env: { LATHE_REMOTE_CACHE: url } }).run('--no-remote-cache');
    expect(requests).toHaveLength(asked);
  });

  it('computes what it is forced to', async () => {
    const { url } = await objectsServer();
    await machine().run('--remote-cache', url, '--remote-write');
    const other = machine({ env: { LATHE_REMOTE_CACHE: url } });
    await other.run('--force', '--only', 'small');
    expect(other.statuses()).toEqual(['base cached', 'small ran']);
  });

  it('tells that a file beside the recipe names it', async () => {
    const { url } = await objectsServer();
    const { stderr } = await machine({ config: { url } }).run();
    expect(stderr).toBe(`Results are taken from ${url}, as .lathe/config.yaml says.\n`);
    const silent = await machine({ config: { url } }).run('--log-level', 'warn');
    expect(silent.stderr).toBe('');
  });

  it('takes only what a trusted key signed', async () => {
    const { url, objects } = await objectsServer();
    const { privatePem, publicKey } = makeKeyPair();
    const env = { LATHE_REMOTE_CACHE: url };
    const trusting = { config: { publicKeys: [publicKey] }, env };

    await machine({ env }).run('--remote-write');
    const first = machine(trusting);
    const { code, stderr } = await first.run();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: The remote cache \S+ has a result [0-9a-f]{12} that is not used: it is not signed\. It is computed here, and so are others like it\.\n$/,
    );
    expect(first.statuses()).toEqual(RAN);

    objects.clear();
    const writer = machine({
      config: { publicKeys: [publicKey] },
      env: { ...env, LATHE_CACHE_SIGNING_KEY: privatePem },
    });
    expect(await writer.run('--remote-write')).toMatchObject({ code: 0, stderr: '' });
    const reader = machine(trusting);
    expect(await reader.run()).toMatchObject({ code: 0, stderr: '' });
    expect(reader.statuses()).toEqual(CACHED);
  });

  it('works in a bucket, and shows no secret anywhere', async () => {
    const { endpoint } = await s3Server();
    const address = `s3://models/lathe?endpoint=${endpoint}&region=${S3_KEY.region}`;
    const env = { AWS_ACCESS_KEY_ID: S3_KEY.id, AWS_SECRET_ACCESS_KEY: S3_KEY.secret };
    await machine({ env }).run('--remote-cache', address, '--remote-write');
    const other = machine({ env });
    expect(await other.run('--remote-cache', address)).toMatchObject({ code: 0, stderr: '' });
    expect(other.statuses()).toEqual(CACHED);

    const wrong = machine({ env: { ...env, AWS_SECRET_ACCESS_KEY: 'hunter2' } });
    const { code, stdout, stderr } = await wrong.run('--remote-cache', address, '--log-level', 'debug');
    expect(code).toBe(0);
    expect(stderr).toContain('answered GET with 403 Forbidden. It is not used any further in this run.\n');
    const log = readFileSync(join(wrong.cwd, '.lathe', 'runs', lastRun(wrong.cwd).id, 'log.jsonl'), 'utf8');
    expect(stdout + stderr + log + JSON.stringify(lastRun(wrong.cwd))).not.toContain('hunter2');
  });

  it('costs one warning and no result when it is away or lies', async () => {
    const lying = await objectsServer((_, response) => {
      response.end('{"record":null}');
      return true;
    });
    const deaf = await tcpServer((socket) => socket.end('hello?\r\n\r\n'));
    for (const url of [`http://127.0.0.1:${await freePort()}`, lying.url, `http://127.0.0.1:${deaf}`]) {
      const alone = machine();
      const { code, stderr } = await alone.run('--remote-cache', url, '--remote-write');
      expect(code).toBe(0);
      expect(stderr).toMatch(/^warning: The remote cache \S+ .*\. It is not used any further in this run\.\n$/);
      expect(alone.statuses()).toEqual(RAN);
    }
  });

  it('is refused before anything runs if its configuration is wrong', async () => {
    for (const [argv, config, text] of [
      [['--remote-cache', 'https://me:hunter2@cache.example'], null, '[REMOTE_CREDENTIALS]'],
      [['--remote-write'], null, '[REMOTE_NOT_CONFIGURED]'],
      [[], { urll: 'https://cache.example' }, 'Did you mean "url"?  [CONFIG_INVALID]'],
    ] as const) {
      const { code, stdout, stderr } = await machine({ config }).run(...argv);
      expect(stderr).toContain(text);
      expect(stderr).not.toContain('hunter2');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });
});

describe('lathe cache push', () => {
  const push = ({ cwd }: Machine, ...argv: string[]) => lathe(['cache', 'push', ...argv], { cwd });

  it('stores what was computed without the remote, and a second time nothing', async () => {
    const { url, requests } = await objectsServer();
    const first = machine();
    await first.run();
    expect(await push(first, '--remote-cache', url)).toMatchObject({
      code: 0,
      stdout: '3 results stored, 0 there already.\n',
      stderr: '',
    });
    const second = machine({ env: { LATHE_REMOTE_CACHE: url } });
    await second.run();
    expect(second.statuses()).toEqual(CACHED);
    expect(second.exported().equals(first.exported())).toBe(true);

    const asked = requests.length;
    expect((await push(first, '--remote-cache', url)).stdout).toBe('0 results stored, 3 there already.\n');
    expect(requests.slice(asked).map((request) => request.split(' ')[0])).toEqual(['GET', 'GET', 'GET']);
  });

  it('says what has no result yet, and computes nothing', async () => {
    const { url } = await objectsServer();
    const it = machine();
    await it.run('--only', 'base');
    const { code, stdout, stderr } = await push(it, '--remote-cache', url);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '1 result stored, 0 there already.\n',
      stderr: '2 stages have no result here yet: lathe run makes them.\n',
    });
  });

  it('does not store what is damaged here', async () => {
    const { url, objects } = await objectsServer();
    const it = machine();
    await it.run();
    const { path } = lastRun(it.cwd).stages[0]!.outputs.model!;
    chmodSync(path, 0o644);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const { stderr } = await push(it, '--remote-cache', url);
    expect(stderr).toMatch(/^warning: /);
    expect(stderr).toContain('1 stage has no result here yet');
    expect([...objects.keys()].some((name) => name.endsWith(path.split('/').at(-1)!))).toBe(false);
  });

  it('ends with exit code 5 where the remote is away, and with 2 where none is named', async () => {
    const it = machine();
    await it.run();
    const away = await push(it, '--remote-cache', `http://127.0.0.1:${await freePort()}`);
    expect(away.code).toBe(5);
    expect(away.stderr).toMatch(/^warning: The remote cache \S+ /);
    expect(await push(it)).toMatchObject({ code: 2, stderr: expect.stringContaining('[REMOTE_NOT_CONFIGURED]') });
  });
});
