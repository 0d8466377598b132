import { STATUS_CODES } from 'node:http';
import { sha256 } from '../../core/hash.js';
import { networkError } from './network-error.js';
import { RECORD_BYTES_MAX, type RemoteCache, RemoteError } from './remote-cache.js';
import type { HttpAnswer, HttpCall, Transport } from './transport.js';

/** A server that keeps objects by path and answers GET, HEAD and PUT. */
export interface ObjectServer {
  /** See RemoteCache. */
  readonly name: string;
  /** Its path ends in "/". */
  readonly base: URL;
  readonly transport: Transport;
  /** Headers that prove who asks. @param contentDigest SHA-256 of the body, that of no bytes without one */
  authorize(call: HttpCall, contentDigest: string): Promise<Readonly<Record<string, string>>>;
  /** What a 404 with this text means other than that there is no such object; undefined if it means that. */
  faultIn404(text: string): string | undefined;
}

/** The cache on such a server: blobs under cas/<digest>, records under ac/<key>. */
export function objectCache(server: ObjectServer): RemoteCache {
  async function send(call: HttpCall, contentDigest: string, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = { ...call.headers, ...(await server.authorize(call, contentDigest)) };
    return server.transport.send({ ...call, headers }, signal);
  }

  /** The answer if there is such an object, with its body unread. */
  async function find(method: 'GET' | 'HEAD', path: string, signal: AbortSignal): Promise<HttpAnswer | null> {
    const answer = await send({ method, url: urlOf(path), headers: IDENTITY }, NO_BYTES, signal);
    if (answer.status === 200) {
      const encoding = answer.headers['content-encoding'];
      if (encoding === undefined || encoding === 'identity') return answer;
      answer.body.destroy();
      throw new RemoteError('sent a packed body, which was not asked for');
    }
    const text = await readText(answer);
    if (answer.status !== 404) throw refusal(answer, method);
    const fault = server.faultIn404(text);
    if (fault !== undefined) throw new RemoteError(fault);
    return null;
  }

  async function put(path: string, body: NonNullable<HttpCall['body']>, digest: string, signal: AbortSignal) {
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await send({ method: 'PUT', url: urlOf(path), headers, body }, digest, signal);
    await readText(answer);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer, 'PUT');
  }

  const urlOf = (path: string) => new URL(path, server.base);

  return {
    name: server.name,
    async getRecord(key, signal) {
      const answer = await find('GET', `ac/${key}`, signal);
      return answer === null ? null : readWhole(answer, signal);
    },
    async getBlob(digest, signal) {
      return (await find('GET', `cas/${digest}`, signal))?.body ?? null;
    },
    async hasBlob(digest, signal) {
      const answer = await find('HEAD', `cas/${digest}`, signal);
      answer?.body.resume();
      return answer !== null;
    },
    putBlob: (digest, file, signal) => put(`cas/${digest}`, file, digest, signal),
    putRecord: (key, content, signal) => put(`ac/${key}`, content, sha256(content), signal),
  };
}

const NO_BYTES = sha256('');
const IDENTITY = { 'accept-encoding': 'identity' };

async function readWhole({ body }: HttpAnswer, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > RECORD_BYTES_MAX) throw new RemoteError('sent a record that has no end');
      chunks.push(chunk);
    }
  } catch (cause) {
    throw signal.aborted ? signal.reason : networkError(cause);
  }
  return Buffer.concat(chunks);
}

/** The beginning of an answer that nobody needs, as text. A short one is read to its end, so that the connection can be used again. */
async function readText({ body }: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      // Leaving the loop closes the connection.
      if (bytes > ANSWER_TEXT_BYTES) break;
    }
  } catch {
    // The status has said what matters.
  }
  return Buffer.concat(chunks).toString('utf8');
}

const ANSWER_TEXT_BYTES = 16 * 1024;

/** In our own words: a server's may hold anything, escape sequences of a terminal included. */
function refusal({ status, headers }: HttpAnswer, method: string): RemoteError {
  const words = `answered ${method} with ${status} ${STATUS_CODES[status] ?? '(an unknown status)'}`;
  if (status >= 300 && status < 400) {
    return new RemoteError(`${words}${towards(headers.location)}; redirects are not followed`);
  }
  return new RemoteError(words, { isTransient: status >= 500 });
}

function towards(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return '';
  return ` towards ${new URL(location).host}`;
}
