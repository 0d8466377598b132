import { createReadStream } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { networkError } from './network-error.js';
import { type BlobFile, RemoteError } from './remote-cache.js';

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | BlobFile;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Its errors are those of `node:http`, a RemoteError where patience ran out, or what the signal was aborted with. */
  readonly body: http.IncomingMessage;
}

export interface Transport {
  send(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer>;
}

export interface Patience {
  /** Until a new connection stands, TLS included. */
  readonly connectMs: number;
  /** Between two pieces of data, in either direction. */
  readonly idleMs: number;
}

export const PATIENCE: Patience = { connectMs: 5_000, idleMs: 10_000 };

/**
 * Sends requests over HTTP/1.1 and keeps connections open in between; idle ones do not keep the process alive.
 * Follows no redirect, uses no proxy, unpacks no content encoding. Certificates are checked as Node does by default.
 */
export function httpTransport(patience: Patience = PATIENCE): Transport {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
  };
  return {
    send(call, signal) {
      const isSecure = call.url.protocol === 'https:';
      const agent = agents[isSecure ? 'https:' : 'http:'];
      return exchange(call, signal, { ...patience, agent, request: isSecure ? https.request : http.request });
    },
  };
}

/** More requests than that at a time would wait for a connection with their clocks running. */
const SOCKETS_MAX = 32;

/** Answers of status 1xx before the one that counts; nobody sends more than one or two. */
const ANNOUNCEMENTS_MAX = 20;

interface Means extends Patience {
  readonly agent: http.Agent;
  readonly request: typeof http.request;
}

function exchange(call: HttpCall, signal: AbortSignal, means: Means): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const { method, url, body } = call;
    const length = body === undefined ? undefined : body instanceof Uint8Array ? body.length : body.bytes;
    const outgoing = means.request(url, {
      method,
      agent: means.agent,
      headers: { ...call.headers, ...(length === undefined ? {} : { 'content-length': length }) },
    });
    let answer: http.IncomingMessage | undefined;
    // Once an answer is there, its reader has to learn why it ends: the request has nobody left to tell.
    const end = (reason: Error) => void (answer ?? outgoing).destroy(reason);
    const onAbort = () => end(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    const connecting = setTimeout(
      () => end(new RemoteError(`could not be reached within ${inSeconds(means.connectMs)}`)),
      means.connectMs,
    );
    outgoing.setTimeout(means.idleMs, () => end(new RemoteError(`sent nothing for ${inSeconds(means.idleMs)}`)));
    outgoing.on('socket', (socket) => onConnected(socket, () => clearTimeout(connecting)));
    outgoing.on('error', (cause) => reject(signal.aborted ? signal.reason : networkError(cause)));
    outgoing.on('close', () => {
      clearTimeout(connecting);
      signal.removeEventListener('abort', onAbort);
    });
    let announcements = 0;
    outgoing.on('information', () => {
      if (++announcements > ANNOUNCEMENTS_MAX) end(new RemoteError('announces answers without an end'));
    });
    outgoing.on('response', (response) => {
      answer = response;
      // Whoever reads the body handles its errors; one that comes before or after must not end the process.
      response.on('error', () => {});
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
    else sendFile(body.path, outgoing, reject);
  });
}

/** A socket that was used before is connected already, and says nothing more of it. */
function onConnected(socket: Socket, then: () => void): void {
  const isSecure = 'encrypted' in socket;
  const isNew = socket.connecting || (isSecure && (socket as { secureConnecting?: boolean }).secureConnecting === true);
  if (isNew) socket.once(isSecure ? 'secureConnect' : 'connect', then);
  else then();
}

function sendFile(path: string, outgoing: http.ClientRequest, reject: (cause: unknown) => void): void {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  file.on('error', (cause) => {
    reject(cause);
    outgoing.destroy();
  });
  outgoing.on('close', () => file.destroy());
  file.pipe(outgoing);
}

function inSeconds(ms: number): string {
  return `${ms / 1000} s`;
}
