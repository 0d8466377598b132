import { describe, expect, it } from 'vitest';
import { type AwsCredentials, s3Cache } from '../../../src/artifacts/remote/s3-cache.js';
import { httpTransport } from '../../../src/artifacts/remote/transport.js';
import { KEY } from './rig.js';
import { S3_KEY, s3Server } from './servers.js';

const NEVER = new AbortController().signal;
const CREDENTIALS = { accessKeyId: S3_KEY.id, secretAccessKey: S3_KEY.secret, sessionToken: null };

function cacheAt(endpoint: string, credentials: AwsCredentials | null, bucket = 'models') {
  const transport = httpTransport();
  return s3Cache({ bucket, prefix: '', endpoint: new URL(endpoint), region: S3_KEY.region, credentials, transport });
}

describe('a bucket', () => {
  it('refuses who does not know the secret, and nothing tells it', async () => {
    const { endpoint } = await s3Server();
    const secretAccessKey = 'hunter2';
    const error = await cacheAt(endpoint, { ...CREDENTIALS, secretAccessKey })
      .putRecord(KEY, Buffer.from('x'), NEVER)
      .catch((cause: Error) => cause);
    expect(String(error)).toBe('RemoteError: answered PUT with 403 Forbidden');
  });

  it('receives the token of temporary credentials, signed with the rest', async () => {
    const { endpoint, headers } = await s3Server();
    await cacheAt(endpoint, { ...CREDENTIALS, sessionToken: 'a+token/==' }).putRecord(KEY, Buffer.from('x'), NEVER);
    expect(headers.at(-1)!['x-amz-security-token']).toBe('a+token/==');
    expect(headers.at(-1)!.authorization).toContain('SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-secur');
  });

  it('is read without credentials where that is allowed', async () => {
    const { endpoint, headers } = await s3Server();
    await cacheAt(endpoint, CREDENTIALS).putRecord(KEY, Buffer.from('x'), NEVER);
    expect(Buffer.from((await cacheAt(endpoint, null).getRecord(KEY, NEVER))!).toString()).toBe('x');
    expect(headers.at(-1)!.authorization).toBeUndefined();
  });

  it('that does not exist is a fault, not a miss', async () => {
    const { endpoint } = await s3Server();
    await expect(cacheAt(endpoint, CREDENTIALS, 'modles').getRecord(KEY, NEVER)).rejects.toThrow('has no such bucket');
  });

  it('is named without anything secret', () => {
    expect(cacheAt('https://minio.example:9000', CREDENTIALS).name).toBe('s3://models at minio.example:9000');
  });
});
