import { RemoteError } from './remote-cache.js';

/** What a connection reported, as a RemoteError. */
export function networkError(cause: unknown): RemoteError {
  if (cause instanceof RemoteError) return cause;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  const words = code === undefined ? undefined : WORDS[code];
  const shown = code !== undefined && /^[A-Z0-9_]+$/.test(code) ? code : 'no code';
  return new RemoteError(`${words ?? 'could not be talked to'} (${shown})`, {
    // EPIPE is a reset connection as the writer sees it.
    isTransient: code === 'ECONNRESET' || code === 'EPIPE',
    cause,
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection',
  EPIPE: 'broke the connection',
  ENOTFOUND: 'has a name that is unknown here',
  EAI_AGAIN: 'has a name that could not be looked up',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'did not answer',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that nobody vouches for',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that nobody vouches for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that nobody vouches for',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has the certificate of another host',
};
