import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../../src/artifacts/action-record.js';
import { httpCache } from '../../../src/artifacts/remote/http-cache.js';
import { RemoteResults, type TimeLimits } from '../../../src/artifacts/remote/remote-results.js';
import { encodeSigned } from '../../../src/artifacts/remote/signed-record.js';
import { httpTransport, type Patience } from '../../../src/artifacts/remote/transport.js';
import { Store } from '../../../src/artifacts/store.js';
import type { Json } from '../../../src/core/canonical-json.js';
import { sha256 } from '../../../src/core/hash.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { commitResult, EXPECTED, FILES, KEY } from './rig.js';
import { freePort, listen, type ObjectsServer, objectsServer, tcpServer } from './servers.js';

/** For servers that would let a test wait for long. */
const IMPATIENT = { connectMs: 1000, idleMs: 1000 };
const LIMITS: TimeLimits = { budgetMs: 30_000, bytesPerS: 1_000_000, missesMs: 60_000 };
const MODEL = `/cas/${sha256(FILES.model['model.onnx'])}`;

interface Machine {
  readonly remote: RemoteResults;
  readonly store: Store;
  readonly cacheDir: string;
  readonly warnings: string[];
  readonly stop: AbortController;
}

/** A machine with an empty local cache. */
function machine(
  url: string,
  {
    patience,
    limits = {},
    writes = false,
  }: { patience?: Patience; limits?: Partial<TimeLimits>; writes?: boolean } = {},
): Machine {
  const cacheDir = join(temporaryFolder(), 'cache');
  const store = new Store(cacheDir);
  const warnings: string[] = [];
  const stop = new AbortController();
  const cache = httpCache({ url: new URL(url), authorization: null, transport: httpTransport(patience) });
  const remote = new RemoteResults({
    cache,
    store,
    publicKeys: [],
    signer: null,
    writes,
    onWarning: (message) => warnings.push(message.replaceAll(cache.name, 'URL')),
    stop: stop.signal,
    limits: { ...LIMITS, ...limits },
  });
  return { remote, store, cacheDir, warnings, stop };
}

type Answer = (request: IncomingMessage, response: ServerResponse, objects: ObjectsServer['objects']) => void;

/** A server that has the result of KEY, and answers the requests for some paths in its own way. */
async function serverWith(misbehaviour: Readonly<Record<string, Answer>> = {}): Promise<ObjectsServer> {
  const server: ObjectsServer = await objectsServer((request, response) => {
    const answer = Object.entries(misbehaviour).find(([path]) => request.url!.startsWith(path))?.[1];
    answer?.(request, response, server.objects);
    return answer !== undefined;
  });
  await fill(server);
  return server;
}

async function fill({ objects }: ObjectsServer): Promise<ActionRecord> {
  const record = await commitResult(new Store(join(temporaryFolder(), 'cache')));
  objects.set(`/ac/${KEY}`, encodeSigned(record, null));
  for (const content of Object.values(FILES).flatMap((files) => Object.values(files))) {
    objects.set(`/cas/${sha256(content)}`, Buffer.from(content));
  }
  return record;
}

/** The first lookup fails with exactly one warning; what follows sends nothing more; nothing is left behind. */
async function refusesOnce({ remote, store, cacheDir, warnings }: Machine, requests?: readonly string[]) {
  expect(await remote.fetch(KEY, EXPECTED)).toBeNull();
  const sent = requests?.length;
  expect(await remote.fetch(KEY, EXPECTED)).toBeNull();
  expect(requests?.length).toBe(sent);
  expect(await store.lookup(KEY)).toBeNull();
  const tmp = join(cacheDir, 'v1', 'tmp');
  expect(existsSync(tmp) ? readdirSync(tmp) : []).toEqual([]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^The remote cache URL .* It is not used any further in this run\.$/);
  return warnings[0]!.slice('The remote cache URL '.length, -' It is not used any further in this run.'.length);
}

describe('a server that behaves', () => {
  it('gives a result that is verified, stored, and has no warning', async () => {
    const { remote, store, warnings } = machine((await serverWith()).url);
    expect(await remote.fetch(KEY, EXPECTED)).not.toBeNull();
    const record = await store.lookup(KEY);
    const { files } = record!.outputs.student!;
    expect(files.map(({ digest }) => readFileSync(store.pathOf(digest), 'utf8'))).toEqual(['a graph', 'its weights']);
    expect(warnings).toEqual([]);
  });

  it('is asked again after a 503 and after a broken connection', async () => {
    let troubles = 0;
    const server = await objectsServer((request, response) => {
      if (request.url!.startsWith('/ac/') && troubles === 0) return trouble(() => response.writeHead(503).end());
      if (request.url === MODEL && troubles < 3) return trouble(() => cutShort(response));
      return false;
    });
    const trouble = (answer: () => void) => {
      troubles++;
      answer();
      return true;
    };
    await fill(server);
    const { remote, warnings } = machine(server.url);
    expect(await remote.fetch(KEY, EXPECTED)).not.toBeNull();
    expect(warnings).toEqual([]);
    expect(server.requests.filter((request) => request.endsWith(MODEL))).toHaveLength(3);
  });

  it('has a miss without a warning when it dropped a blob', async () => {
    const server = await serverWith();
    server.objects.delete(MODEL);
    const { remote, store, warnings } = machine(server.url);
    expect(await remote.fetch(KEY, EXPECTED)).toBeNull();
    expect(await store.lookup(KEY)).toBeNull();
    await fill(server);
    expect(await remote.fetch(KEY, EXPECTED)).not.toBeNull();
    expect(warnings).toEqual([]);
  });

  it('receives nothing unless writing is wanted', async () => {
    const server = await objectsServer();
    const { remote, store } = machine(server.url);
    remote.offer(await commitResult(store));
    await remote.settle();
    expect(server.requests).toEqual([]);
  });

  it('receives only blobs that it lacks, and the record last', async () => {
    const server = await objectsServer();
    server.objects.set(MODEL, Buffer.from(FILES.model['model.onnx']));
    const { remote, store } = machine(server.url, { writes: true });
    remote.offer(await commitResult(store));
    await remote.settle();
    const puts = server.requests.filter((request) => request.startsWith('PUT'));
    const digests = Object.values(FILES.student).map(sha256);
    expect(puts).toEqual([...digests.map((digest) => `PUT /cas/${digest}`), `PUT /ac/${KEY}`]);
  });
});

function cutShort(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 20 });
  response.write('the bytes', () => response.destroy());
}

describe('a server that is away or slow', () => {
  it('costs one warning when nothing listens', async () => {
    const problem = await refusesOnce(machine(`http://127.0.0.1:${await freePort()}`));
    expect(problem).toBe('refused the connection (ECONNREFUSED).');
  });

  it('costs one warning when it takes the connection and never answers', async () => {
    const port = await tcpServer(() => {});
    expect(await refusesOnce(machine(`http://127.0.0.1:${port}`, { patience: IMPATIENT }))).toBe(
      'sent nothing for 1 s.',
    );
  });

  it('costs one warning when it never ends the TLS handshake', async () => {
    const port = await tcpServer(() => {});
    expect(await refusesOnce(machine(`https://127.0.0.1:${port}`, { patience: IMPATIENT }))).toBe(
      'could not be reached within 1 s.',
    );
  });

  it('costs one warning when it stops in the middle of a model', async () => {
    const { url, requests } = await serverWith({
      [MODEL]: (_, response) => void response.writeHead(200, { 'content-length': 20 }).write('the bytes'),
    });
    expect(await refusesOnce(machine(url, { patience: IMPATIENT }), requests)).toBe('sent nothing for 1 s.');
    expect(requests.filter((request) => request.endsWith(MODEL))).toHaveLength(1);
  });

  it('costs one warning when its bytes trickle in', async () => {
    const { url, requests } = await serverWith({
      '/ac/': (_, response) => {
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
    });
    const problem = await refusesOnce(machine(url, { limits: { budgetMs: 500 } }), requests);
    expect(problem).toBe('is slow: what should take 0.5 s at most is not done yet.');
  });

  it('costs one warning when lookups that find nothing took too long altogether', async () => {
    const { url } = await objectsServer((_, response) => {
      setTimeout(() => response.writeHead(404).end(), 100);
      return true;
    });
    const { remote, warnings } = machine(url, { limits: { missesMs: 250 } });
    for (let lookup = 0; lookup < 5; lookup++) expect(await remote.fetch(sha256(`${lookup}`), EXPECTED)).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/took \d s for lookups that found nothing\. It is not used/);
  });

  it('is left at once when the run stops, without a warning', async () => {
    const port = await tcpServer(() => {});
    const { remote, warnings, stop } = machine(`http://127.0.0.1:${port}`);
    const lookup = remote.fetch(KEY, EXPECTED);
    stop.abort();
    expect(await lookup).toBeNull();
    expect(warnings).toEqual([]);
  });

  it('ends every other lookup and upload that is underway', async () => {
    const server = await objectsServer((request, response) => {
      if (request.url === `/ac/${KEY}`) response.writeHead(403).end();
      return true;
    });
    const { remote, warnings } = machine(server.url, { writes: true });
    const others = ['a', 'b', 'c'].map((name) => remote.fetch(sha256(name), EXPECTED));
    expect(await remote.fetch(KEY, EXPECTED)).toBeNull();
    expect(await Promise.all(others)).toEqual([null, null, null]);
    expect(warnings).toHaveLength(1);
  });
});

describe('a server that lies or fails', () => {
  const blob = (answer: Answer) => ({ [MODEL]: answer });
  const record = (answer: Answer) => ({ '/ac/': answer });
  const text =
    (content: string | Uint8Array): Answer =>
    (_, response) =>
      void response.writeHead(200).end(content);
  /** The record with other values at some paths ("outputs.model.files.0.name"), and a digest that fits. */
  const edited =
    (values: Readonly<Record<string, Json | undefined>>): Answer =>
    (_, response, objects) => {
      const { record } = JSON.parse(Buffer.from(objects.get(`/ac/${KEY}`)!).toString());
      for (const [path, value] of Object.entries(values)) setAt(record, path.split('.'), value);
      response.writeHead(200).end(encodeSigned(record, null));
    };

  const damaged = 'sent a record that is not as it was stored.';
  const cases: Readonly<Record<string, readonly [Readonly<Record<string, Answer>>, string]>> = {
    'other bytes of the same length': [blob(text('The bytes of a model')), 'sent other bytes than those of the model.'],
    'a model cut short': [blob(text('the bytes')), 'sent 9 of the 20 bytes of a model.'],
    'a model that broke off, three times': [
      blob((_, response) => cutShort(response)),
      'broke the connection (ECONNRESET).',
    ],
    'a model without an end': [
      blob((_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
        };
        response.on('drain', more);
        more();
      }),
      'sent more than the 20 bytes of a model.',
    ],
    'a packed model': [
      blob((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('the bytes'))),
      'sent a packed body, which was not asked for.',
    ],
    'the page of a portal': [record(text('<html>Please log in</html>')), damaged],
    'a record without an end': [
      record((_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(1 << 20, ' '))) {}
        };
        response.on('drain', more);
        more();
      }),
      'sent a record that has no end.',
    ],
    'a record nested a million deep': [record(text(`${'['.repeat(1e6)}${']'.repeat(1e6)}`)), damaged],
    'a record that is deep inside': [
      record(text(`{"digest":"","record":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)),
      damaged,
    ],
    'a flipped bit in the record': [
      record((_, response, objects) => {
        const bytes = Buffer.from(objects.get(`/ac/${KEY}`)!);
        bytes[bytes.indexOf('0.97') + 3] = '8'.charCodeAt(0);
        response.writeHead(200).end(bytes);
      }),
      damaged,
    ],
    'a metric of more levels than anybody has': [
      record(edited({ 'metrics.accuracy': JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`) as Json })),
      damaged,
    ],
    'a time that is none': [record(edited({ createdAt: '2026-99-99T99:99:99Z' })), damaged],
    'a record that unpacks to gigabytes': [
      record(
        (_, response) =>
          void response.writeHead(200, { 'content-encoding': 'deflate' }).end(gzipSync(' '.repeat(1 << 20))),
      ),
      'sent a packed body, which was not asked for.',
    ],
    'a length that is more than comes': [
      blob((_, response) => {
        response.writeHead(200, { 'content-length': 1 << 30 }).write('the bytes of a model');
        response.socket?.end();
      }),
      'broke the connection (ECONNRESET).',
    ],
    'a length that is more than the model has, and all of it': [
      blob((_, response) => void response.writeHead(200, { 'content-length': 1 << 20 }).end(Buffer.alloc(1 << 20))),
      'sent more than the 20 bytes of a model.',
    ],
    'a length that is a lie about less': [
      blob(
        (_, response) => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nthe bytes of a model'),
      ),
      'sent 9 of the 20 bytes of a model.',
    ],
    'announcements of an answer without an end': [
      record((request) => {
        const more = () => {
          while (!request.socket.destroyed && request.socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000))) {}
        };
        request.socket.on('drain', more);
        more();
      }),
      'announces answers without an end.',
    ],
    'the record of another key': [record(edited({ key: sha256('other') })), damaged],
    'a record of other causes under the key': [record(edited({ 'keyRecord.options.keep': 0.2 })), damaged],
    'a record that lacks an output': [record(edited({ 'outputs.student': undefined })), damaged],
    'a record with a metric that the stage has not': [record(edited({ 'metrics.loss': 1 })), damaged],
    'a file name that leads out of the folder': [
      record(edited({ 'outputs.model.files.0.name': '../../../escape' })),
      damaged,
    ],
    'a digest that is a path': [
      record(edited({ 'outputs.model.digest': '../secret', 'outputs.model.files.0.digest': '../secret' })),
      damaged,
    ],
    'sizes that do not add up': [record(edited({ 'outputs.student.bytes': 7 })), damaged],
    'a 500 every time': [
      record((_, response) => void response.writeHead(500).end()),
      'answered GET with 500 Internal Server Error.',
    ],
    'a 403': [record((_, response) => void response.writeHead(403).end()), 'answered GET with 403 Forbidden.'],
    'a status of its own with escape sequences': [
      record((request) => void request.socket.end('HTTP/1.1 299 all \x1b[31mred\r\ncontent-length: 0\r\n\r\n')),
      'answered GET with 299 (an unknown status).',
    ],
    'headers without an end': [
      record((request) => void request.socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`)),
      'could not be talked to (HPE_HEADER_OVERFLOW).',
    ],
    'something that is not HTTP': [
      record((request) => void request.socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
      'could not be talked to (HPE_INVALID_CONSTANT).',
    ],
  };

  for (const [name, [misbehaviour, problem]] of Object.entries(cases)) {
    it(`costs one warning when it sends ${name}`, async () => {
      const { url, requests } = await serverWith(misbehaviour);
      expect(await refusesOnce(machine(url), requests)).toBe(problem);
    });
  }

  it('is asked three times after a 500, once after a 403', async () => {
    for (const [status, tries] of [
      [500, 3],
      [403, 1],
    ] as const) {
      const { url, requests } = await serverWith(record((_, response) => void response.writeHead(status).end()));
      await refusesOnce(machine(url), requests);
      expect(requests).toHaveLength(tries);
    }
  });

  it('is not followed to another address', async () => {
    const other = await serverWith();
    const { url } = await serverWith({
      '/ac/': (request, response) => void response.writeHead(302, { location: other.url + request.url }).end(),
    });
    const problem = await refusesOnce(machine(url));
    expect(problem).toMatch(/^answered GET with 302 Found towards 127\.0\.0\.1:\d+; redirects are not followed\.$/);
    expect(other.requests).toEqual([]);
  });

  it('is not asked at all with a certificate that nobody vouches for', async () => {
    const folder = fileURLToPath(new URL('../../fixtures/tls', import.meta.url));
    const [key, cert] = ['key.pem', 'certificate.pem'].map((name) => readFileSync(join(folder, name)));
    let requests = 0;
    const port = await listen(
      createHttpsServer({ key, cert }, (_, response) => {
        requests++;
        response.end();
      }),
    );
    const problem = await refusesOnce(machine(`https://127.0.0.1:${port}`));
    expect(problem).toBe('has a certificate that nobody vouches for (DEPTH_ZERO_SELF_SIGNED_CERT).');
    expect(requests).toBe(0);
  });

  it('costs one warning when it refuses what is stored', async () => {
    const server = await objectsServer((request, response) => {
      if (request.method !== 'PUT') return false;
      // Without reading it.
      response.writeHead(413, { connection: 'close' }).end();
      return true;
    });
    const { remote, store, warnings } = machine(server.url, { writes: true });
    const result = await commitResult(store);
    remote.offer(result);
    remote.offer(result);
    await remote.settle();
    expect(warnings).toEqual([
      'The remote cache URL answered PUT with 413 Payload Too Large. It is not used any further in this run.',
    ]);
    expect(server.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  });
});

describe('the local cache', () => {
  it('keeps what another process stored meanwhile', async () => {
    const server = await serverWith();
    const { remote, store } = machine(server.url);
    const own = await commitResult(store);
    expect(await remote.fetch(KEY, EXPECTED)).toEqual(own);
  });

  it('costs one warning when a download cannot be stored in it', async () => {
    const server = await serverWith();
    const { remote, cacheDir, warnings } = machine(server.url);
    writeFileSync(cacheDir, 'a file is in the way');
    expect(await remote.fetch(KEY, EXPECTED)).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^A result of the remote cache URL could not be handled: A file is where a folder must be/,
    );
  });
});

function setAt(value: Record<string, unknown>, [first, ...rest]: string[], to: Json | undefined): void {
  if (rest.length > 0) setAt(value[first!] as Record<string, unknown>, rest, to);
  else if (to === undefined) delete value[first!];
  else value[first!] = to;
}
