import { httpCache } from './http-cache.js';
import type { RemoteCache } from './remote-cache.js';
import type { RemoteSettings } from './remote-settings.js';
import { s3Cache } from './s3-cache.js';
import { httpTransport, PATIENCE, type Patience } from './transport.js';

/** The cache at an address. Nothing is sent yet. */
export function openRemote(settings: RemoteSettings, patience: Patience = PATIENCE): RemoteCache {
  const { address, authorization, credentials, region } = settings;
  const transport = httpTransport(patience);
  if (address.kind === 'http') return httpCache({ url: address.url, authorization, transport });
  const { bucket, prefix } = address;
  const endpoint = address.endpoint ?? new URL(`https://s3.${region}.amazonaws.com`);
  return s3Cache({ bucket, prefix, endpoint, region, credentials, transport });
}
