import { AwsV4Signer } from 'aws4fetch';
import { objectCache } from './object-cache.js';
import type { RemoteCache } from './remote-cache.js';
import type { HttpCall, Transport } from './transport.js';

export interface S3CacheOptions {
  readonly bucket: string;
  /** "" or without slashes at its ends. */
  readonly prefix: string;
  readonly endpoint: URL;
  readonly region: string;
  /** Null asks without signing, for buckets that everybody may read. */
  readonly credentials: AwsCredentials | null;
  readonly transport: Transport;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

/**
 * A cache in a bucket of S3 or of a store that speaks its language (MinIO, Ceph, R2 …): the objects
 * <prefix>/cas/<digest> and <prefix>/ac/<key>. Uploads are signed with their digest, so that the store checks them.
 */
export function s3Cache(options: S3CacheOptions): RemoteCache {
  const { bucket, prefix, endpoint, transport } = options;
  // The bucket in the path, not in the host name: works everywhere, and with certificates for one host.
  const path = [endpoint.pathname.replace(/^\/|\/$/g, ''), bucket, prefix].filter((part) => part !== '').join('/');
  return objectCache({
    name: `s3://${[bucket, prefix].filter((part) => part !== '').join('/')} at ${endpoint.host}`,
    base: new URL(`/${path}/`, endpoint),
    transport,
    authorize: (call, contentDigest) => signed(call, contentDigest, options),
    faultIn404: (text) => (text.includes('<Code>NoSuchBucket</Code>') ? 'has no such bucket' : undefined),
  });
}

/** Signature version 4: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
async function signed(
  { method, url }: HttpCall,
  contentDigest: string,
  { credentials, region }: S3CacheOptions,
): Promise<Record<string, string>> {
  if (credentials === null) return {};
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: { 'x-amz-content-sha256': contentDigest },
    service: 's3',
    region,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === null ? {} : { sessionToken }),
  });
  return Object.fromEntries((await signer.sign()).headers);
}
