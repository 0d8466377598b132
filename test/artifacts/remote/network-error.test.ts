import { describe, expect, it } from 'vitest';
import { networkError } from '../../../src/artifacts/remote/network-error.js';
import { RemoteError } from '../../../src/artifacts/remote/remote-cache.js';

function coded(code: string): Error {
  return Object.assign(new Error(`getaddrinfo ${code} cache.example`), { code });
}

describe('what a connection reports', () => {
  it('is told in words, with its code', () => {
    expect(networkError(coded('ENOTFOUND')).message).toBe('has a name that is unknown here (ENOTFOUND)');
    expect(networkError(coded('ERR_TLS_CERT_ALTNAME_INVALID')).message).toMatch(/^has the certificate of another host/);
    expect(networkError(coded('EWHATEVER')).message).toBe('could not be talked to (EWHATEVER)');
  });

  it('never repeats a text that came from outside', () => {
    expect(networkError(coded('\x1b[31m')).message).toBe('could not be talked to (no code)');
    expect(networkError('a string').message).toBe('could not be talked to (no code)');
  });

  it('may pass only where the connection was broken', () => {
    const transient = ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'CERT_HAS_EXPIRED'].filter(
      (code) => networkError(coded(code)).isTransient,
    );
    expect(transient).toEqual(['ECONNRESET', 'EPIPE']);
  });

  it('stays what it is if it was told already', () => {
    const error = new RemoteError('is slow');
    expect(networkError(error)).toBe(error);
  });
});
