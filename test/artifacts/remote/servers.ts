import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import S3rver from 's3rver';
import { onTestFinished } from 'vitest';
import { sha256 } from '../../../src/core/hash.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { expectedAuthorization } from './signature-v4.js';

/** Listens on 127.0.0.1 until the test is over, and then ends every connection. @returns the port */
export async function listen(server: NetServer): Promise<number> {
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

export interface ObjectsServer {
  readonly url: string;
  /** Path to content, for instance "/cas/<digest>". */
  readonly objects: Map<string, Uint8Array>;
  /** "GET /ac/<key>" of every request, in order. */
  readonly requests: string[];
  readonly headers: IncomingMessage['headers'][];
}

/**
 * The least that a cache server can be: objects in memory.
 * @param misbehave returns true if it has answered, or will, in its own way
 */
export async function objectsServer(
  misbehave: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<ObjectsServer> {
  const objects = new Map<string, Uint8Array>();
  const requests: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const listener: RequestListener = async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    if (misbehave(request, response)) return;
    const path = request.url!;
    if (request.method === 'PUT') {
      objects.set(path, await bodyOf(request));
      response.writeHead(201).end();
      return;
    }
    const content = objects.get(path);
    if (content === undefined) response.writeHead(404).end('nothing here');
    else response.writeHead(200, { 'content-length': content.length }).end(content);
  };
  const port = await listen(createServer(listener));
  return { url: `http://127.0.0.1:${port}`, objects, requests, headers };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** A server that speaks what it likes on a bare connection. */
export async function tcpServer(onConnection: (socket: Socket) => void): Promise<number> {
  return listen(createTcpServer(onConnection));
}

export const S3_KEY = {
  id: 'S3RVER',
  secret: 'S3RVER',
  region: 'eu-test-1',
};

/** s3rver with one bucket, "models", behind a check of signatures and of upload digests (s3rver makes neither). */
export async function s3Server(): Promise<{
  readonly endpoint: string;
  readonly headers: IncomingMessage['headers'][];
}> {
  const s3 = new S3rver({ directory: temporaryFolder(), silent: true, configureBuckets: [{ name: 'models' }] });
  await s3.configureBuckets();
  const innerPort = await listen(createServer(s3.callback()));
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer(async (request, response) => {
    headers.push(request.headers);
    const body = await bodyOf(request);
    const { authorization } = request.headers;
    const isForged = authorization !== undefined && authorization !== expectedAuthorization(request, S3_KEY);
    if (isForged || (request.method === 'PUT' && authorization === undefined)) {
      response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
    } else if (request.method === 'PUT' && sha256(body) !== request.headers['x-amz-content-sha256']) {
      response.writeHead(400).end('<Error><Code>XAmzContentSHA256Mismatch</Code></Error>');
    } else {
      const { method, url: path } = request;
      // s3rver takes a request for one to S3 by such a header, which anonymous ones lack.
      const headers = { 'x-amz-request': 'yes', ...request.headers };
      const inner = httpRequest({ port: innerPort, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      inner.end(body);
    }
  });
  return { endpoint: `http://127.0.0.1:${await listen(server)}`, headers };
}

/** Where nginx is found, or null; where LATHE_REQUIRE_NGINX is set, it has to be there. */
export function findNginx(): string | null {
  for (const path of ['nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx']) {
    try {
      execFileSync(path, ['-v'], { stdio: 'ignore' });
      return path;
    } catch {
      // The next one.
    }
  }
  if (process.env.LATHE_REQUIRE_NGINX === '1') throw new Error('LATHE_REQUIRE_NGINX is set, and nginx is missing');
  return null;
}

/** nginx with the very configuration that docs/remote-cache.md shows, on another port and folder. */
export async function nginxServer(nginx: string): Promise<{ readonly url: string; readonly root: string }> {
  const folder = temporaryFolder();
  const root = join(folder, 'root');
  mkdirSync(root);
  const port = await freePort();
  const shown = nginxExample();
  const server = shown
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replaceAll('/srv/lathe-cache', root)
    .replace('allow 10.0.0.0/8;', 'allow 127.0.0.1;');
  const isRoot = process.getuid?.() === 0;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${isRoot ? 'user root;' : ''} daemon off; master_process off; pid ${folder}/pid; error_log stderr error;
     events {} http { access_log off;
     ${['proxy', 'fastcgi', 'scgi', 'uwsgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
     ${server} }`,
  );
  const child = spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (await fetch(url).then(Boolean, () => false)) return { url, root };
    if (child.exitCode !== null || tries > 200) throw new Error(`nginx does not start: ${said}`);
    await pause(50);
  }
}

function nginxExample(): string {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/remote-cache.md', import.meta.url)), 'utf8');
  return /```nginx\n(.*?)```/s.exec(page)![1]!;
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
