import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { sha256 } from '../../../src/core/hash.js';

/**
 * The Authorization header that a request should carry, by the steps of
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (no query, no characters to encode).
 */
export function expectedAuthorization(request: IncomingMessage, key: { id: string; secret: string; region: string }) {
  const header = (name: string) => String(request.headers[name]).trim();
  const names = ['host', 'x-amz-content-sha256', 'x-amz-date'];
  if (request.headers['x-amz-security-token'] !== undefined) names.push('x-amz-security-token');
  const canonicalRequest = [
    request.method,
    request.url,
    '',
    ...names.map((name) => `${name}:${header(name)}`),
    '',
    names.join(';'),
    header('x-amz-content-sha256'),
  ].join('\n');
  const date = header('x-amz-date');
  const scope = `${date.slice(0, 8)}/${key.region}/s3/aws4_request`;
  const stringToSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest)].join('\n');
  const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest();
  const signingKey = [key.region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${key.secret}`, date.slice(0, 8)));
  const signature = hmac(signingKey, stringToSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${key.id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}
