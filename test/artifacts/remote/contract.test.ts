import { it } from 'vitest';
import { httpCache } from '../../../src/artifacts/remote/http-cache.js';
import { s3Cache } from '../../../src/artifacts/remote/s3-cache.js';
import { httpTransport } from '../../../src/artifacts/remote/transport.js';
import { remoteCacheContract } from './contract.js';
import { findNginx, nginxServer, objectsServer, S3_KEY, s3Server } from './servers.js';

const overHttp = (url: string) => httpCache({ url: new URL(url), authorization: null, transport: httpTransport() });

remoteCacheContract('a bare HTTP server', async () => overHttp((await objectsServer()).url));

const nginx = findNginx();
if (nginx === null) it.skip('a remote cache on nginx, which is not installed', () => {});
else remoteCacheContract('nginx', async () => overHttp((await nginxServer(nginx)).url));

for (const prefix of ['', 'teams/vision']) {
  remoteCacheContract(`S3${prefix === '' ? '' : ' under a prefix'}`, async () =>
    s3Cache({
      bucket: 'models',
      prefix,
      endpoint: new URL((await s3Server()).endpoint),
      region: S3_KEY.region,
      credentials: { accessKeyId: S3_KEY.id, secretAccessKey: S3_KEY.secret, sessionToken: null },
      transport: httpTransport(),
    }),
  );
}
