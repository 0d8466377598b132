import { describe, expect, it } from 'vitest';
import { parseRemoteAddress } from '../../../src/artifacts/remote/remote-address.js';

describe('the address of a remote cache', () => {
  it('is that of a folder on a web server', () => {
    expect(parseRemoteAddress('https://cache.example:8443/lathe')).toEqual({
      kind: 'http',
      url: new URL('https://cache.example:8443/lathe'),
    });
  });

  it('is that of a bucket, with or without prefix, endpoint and region', () => {
    expect(parseRemoteAddress('s3://models')).toEqual({
      kind: 's3',
      bucket: 'models',
      prefix: '',
      endpoint: null,
      region: null,
    });
    expect(parseRemoteAddress('s3://models/teams/vision/?endpoint=https://minio.example:9000&region=eu-1')).toEqual({
      kind: 's3',
      bucket: 'models',
      prefix: 'teams/vision',
      endpoint: new URL('https://minio.example:9000'),
      region: 'eu-1',
    });
  });

  it('is refused with what is wrong', () => {
    const refusals = [
      'cache.example',
      'ftp://cache.example/x',
      'https://cache.example/x?token=1',
      's3:///prefix',
      's3://Models',
      's3://models/with space',
      's3://models?endpiont=https://minio.example',
      's3://models?endpoint=minio.example:9000',
    ].map(messageFor);
    expect(refusals).toMatchInlineSnapshot(`
      [
        ""cache.example" is no address. Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
        "A remote cache is at https://…, http://… or s3://…, not at "ftp://…". Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
        "The address of the remote cache ends in "?…", which is not supported. Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
        ""s3:///prefix" does not begin with s3:// and the name of a bucket. Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
        ""s3://Models" does not begin with s3:// and the name of a bucket. Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
        "The prefix "with%20space" has characters besides letters, digits, ".", "_", "-" and "/". Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
        ""endpiont" is no parameter of an s3:// address. Did you mean "endpoint"?",
        "A remote cache is at https://…, http://… or s3://…, not at "minio.example://…". Write it as https://host/path or s3://bucket/prefix?endpoint=https://host&region=name.",
      ]
    `);
  });

  it('is refused with credentials, which are not repeated', () => {
    for (const text of [
      'https://me:hunter2@cache.example/',
      'https://hunter2@cache.example/',
      's3://AKIA:hunter2@models',
      's3://models?endpoint=https://me:hunter2@minio.example',
      'nonsense://[me:hunter2@',
    ]) {
      expect(messageFor(text), text).not.toContain('hunter2');
      expect(messageFor(text), text).not.toContain('AKIA');
    }
    expect(messageFor('https://me:hunter2@cache.example/')).toMatch(/cache\.example contains a user name or password/);
  });
});

function messageFor(text: string): string {
  try {
    parseRemoteAddress(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${text} was accepted`);
}
