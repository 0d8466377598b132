import { UserError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';

/** Where a remote cache is. */
export type RemoteAddress =
  | { readonly kind: 'http'; readonly url: URL }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without slashes at its ends. */
      readonly prefix: string;
      /** Null: that of AWS for the region. */
      readonly endpoint: URL | null;
      readonly region: string | null;
    };

/**
 * Reads https://host/path, http://host/path or s3://bucket/prefix?endpoint=https://host&region=name.
 * Throws REMOTE_ADDRESS or REMOTE_CREDENTIALS, neither of which quotes a user name or password.
 */
export function parseRemoteAddress(text: string): RemoteAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw addressError(`"${withoutCredentials(text)}" is no address.`);
  if (url.username !== '' || url.password !== '') {
    throw new UserError(
      'REMOTE_CREDENTIALS',
      `The address of the remote cache at ${url.host} contains a user name or password.`,
      'Addresses end up in logs: give them in LATHE_REMOTE_CACHE_AUTHORIZATION instead.',
      { class: 'usage' },
    );
  }
  if (url.protocol === 's3:') return parseS3(url, text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw addressError(`A remote cache is at https://…, http://… or s3://…, not at "${url.protocol}//…".`);
  }
  refuseExtras(url, 'The address of the remote cache');
  return { kind: 'http', url };
}

function parseS3(url: URL, text: string): RemoteAddress {
  const bucket = url.hostname;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || url.port !== '' || url.hash !== '') {
    throw addressError(`"${text}" does not begin with s3:// and the name of a bucket.`);
  }
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  if (!/^[A-Za-z0-9._-]*(?:\/[A-Za-z0-9._-]+)*$/.test(prefix)) {
    throw addressError(`The prefix "${prefix}" has characters besides letters, digits, ".", "_", "-" and "/".`);
  }
  for (const name of url.searchParams.keys()) {
    if (S3_PARAMETERS.includes(name)) continue;
    const match = nearest(name, S3_PARAMETERS);
    throw addressError(
      `"${name}" is no parameter of an s3:// address.`,
      match === undefined ? `There are ${S3_PARAMETERS.join(' and ')}.` : `Did you mean "${match}"?`,
    );
  }
  const endpoint = url.searchParams.get('endpoint');
  return {
    kind: 's3',
    bucket,
    prefix,
    endpoint: endpoint === null ? null : parseEndpoint(endpoint),
    region: url.searchParams.get('region') || null,
  };
}

const S3_PARAMETERS = ['endpoint', 'region'];

function parseEndpoint(text: string): URL {
  const address = parseRemoteAddress(text);
  if (address.kind !== 'http') throw addressError('The endpoint of an s3:// address is at https://… or http://….');
  return address.url;
}

function refuseExtras(url: URL, what: string): void {
  if (url.search === '' && url.hash === '') return;
  throw addressError(`${what} ends in "${url.search === '' ? '#' : '?'}…", which is not supported.`);
}

function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//…@');
}

function addressError(
  problem: string,
  fix = 'Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.',
): UserError {
  return new UserError('REMOTE_ADDRESS', problem, fix, { class: 'usage' });
}
