import { afterEach, describe, expect, it, vi } from 'vitest';
import { httpCache } from '../../../src/artifacts/remote/http-cache.js';
import { httpTransport } from '../../../src/artifacts/remote/transport.js';
import { KEY } from './rig.js';
import { freePort, objectsServer } from './servers.js';

const NEVER = new AbortController().signal;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a web server', () => {
  it('is asked under its path, with or without a slash at its end', async () => {
    const { url, requests } = await objectsServer();
    for (const path of ['/team/lathe', '/team/lathe/']) {
      const cache = httpCache({ url: new URL(url + path), authorization: null, transport: httpTransport() });
      expect(await cache.getRecord(KEY, NEVER)).toBeNull();
      expect(cache.name).toBe(`${url}/team/lathe`);
    }
    expect(requests).toEqual([`GET /team/lathe/ac/${KEY}`, `GET /team/lathe/ac/${KEY}`]);
  });

  it('receives the authorization, and no packed answer is asked for', async () => {
    const { url, headers } = await objectsServer();
    const cache = httpCache({ url: new URL(url), authorization: 'Bearer hunter2', transport: httpTransport() });
    await cache.hasBlob(KEY, NEVER);
    await cache.putRecord(KEY, Buffer.from('x'), NEVER);
    expect(headers.map((each) => each.authorization)).toEqual(['Bearer hunter2', 'Bearer hunter2']);
    expect(headers[0]!['accept-encoding']).toBe('identity');
    expect(cache.name).not.toContain('hunter2');
  });

  it('is asked directly, whatever proxy the environment names', async () => {
    const proxy = `http://127.0.0.1:${await freePort()}`;
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy);
    const { url, requests } = await objectsServer();
    await httpCache({ url: new URL(url), authorization: null, transport: httpTransport() }).hasBlob(KEY, NEVER);
    expect(requests).toEqual([`HEAD /cas/${KEY}`]);
  });

  it('keeps a connection open for the next request', async () => {
    const ports = new Set<number>();
    const { url } = await objectsServer((request) => {
      ports.add(request.socket.remotePort!);
      return false;
    });
    const cache = httpCache({ url: new URL(url), authorization: null, transport: httpTransport() });
    for (let request = 0; request < 4; request++) await cache.getRecord(KEY, NEVER);
    await cache.putRecord(KEY, Buffer.from('x'), NEVER);
    expect(ports.size).toBe(1);
  });
});
