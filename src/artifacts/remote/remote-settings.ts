import { type Place, UserError } from '../../core/errors.js';
import { type RemoteConfig, readRemoteConfig } from './config-file.js';
import { parseRemoteAddress, type RemoteAddress } from './remote-address.js';
import type { AwsCredentials } from './s3-cache.js';
import { type PublicKey, readPublicKey, readSigner, type Signer } from './signing-key.js';

export interface RemoteSettings {
  readonly address: RemoteAddress;
  /** Who named the address: the command line, the environment, or .lathe/config.yaml. */
  readonly namedBy: 'option' | 'environment' | 'file';
  readonly writes: boolean;
  readonly publicKeys: readonly PublicKey[];
  readonly signer: Signer | null;
  /** Header Authorization for HTTP. */
  readonly authorization: string | null;
  /** For S3. */
  readonly credentials: AwsCredentials | null;
  readonly region: string;
  readonly timeoutMs: number | null;
}

export interface RemoteRequest {
  readonly recipeFolder: string;
  /** --remote-cache URL; false for --no-remote-cache; undefined for neither. */
  readonly address: string | false | undefined;
  /** --remote-write */
  readonly writes: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The remote cache of a run: from --remote-cache, else LATHE_REMOTE_CACHE, else .lathe/config.yaml beside the recipe.
 * @returns null if none of them names one
 * Throws a UserError of class usage where they make no sense; no message of it quotes a secret.
 */
export async function remoteSettings(request: RemoteRequest): Promise<RemoteSettings | null> {
  const { environment } = request;
  if (request.address === false) return null;
  const config = await readRemoteConfig(request.recipeFolder);
  const named = addressOf(request, config);
  if (named === null) {
    if (!request.writes) return null;
    throw new UserError(
      'REMOTE_NOT_CONFIGURED',
      'Results are to be stored in a remote cache, but none is configured.',
      'Name it with --remote-cache, LATHE_REMOTE_CACHE or .lathe/config.yaml.',
      { class: 'usage' },
    );
  }
  const writes = request.writes || (config?.write ?? false);
  const publicKeys = publicKeysOf(environment, config);
  return {
    ...named,
    writes,
    publicKeys,
    signer: writes ? await signerOf(environment, publicKeys) : null,
    authorization: authorizationOf(named, environment),
    credentials: credentialsOf(named.address, environment, writes),
    region: regionOf(named.address, environment),
    timeoutMs: config?.timeoutMs ?? null,
  };
}

type Named = Pick<RemoteSettings, 'address' | 'namedBy'>;
type Environment = RemoteRequest['environment'];

function addressOf({ address, environment }: RemoteRequest, config: RemoteConfig | null): Named | null {
  if (address !== undefined && address !== false) {
    return { address: parseRemoteAddress(address), namedBy: 'option' };
  }
  const text = variable(environment, 'LATHE_REMOTE_CACHE');
  if (text !== null) return { address: parseRemoteAddress(text), namedBy: 'environment' };
  if (config === null || config.url === null) return null;
  try {
    return { address: parseRemoteAddress(config.url), namedBy: 'file' };
  } catch (error) {
    throw error instanceof UserError ? error.at(withoutSource(config.place('url'))) : error;
  }
}

/** The line holds the address, and that may hold a password. */
function withoutSource(place: Place): Place {
  if (place.kind !== 'text') return place;
  const { kind, file, line, column } = place;
  return { kind, file, line, column };
}

function publicKeysOf(environment: Environment, config: RemoteConfig | null): PublicKey[] {
  const text = variable(environment, 'LATHE_REMOTE_CACHE_KEYS');
  if (text !== null)
    return text
      .trim()
      .split(/[\s,]+/)
      .map(readPublicKey);
  return (config?.publicKeys ?? []).map((key, index) => {
    try {
      return readPublicKey(key);
    } catch (error) {
      throw error instanceof UserError ? error.at(config!.place('publicKeys', index)) : error;
    }
  });
}

async function signerOf(environment: Environment, publicKeys: readonly PublicKey[]): Promise<Signer | null> {
  const key = variable(environment, 'LATHE_CACHE_SIGNING_KEY');
  const signer = key === null ? null : await readSigner(key);
  if (publicKeys.length === 0 || publicKeys.some(({ text }) => text === signer?.publicKey)) return signer;
  throw new UserError(
    'REMOTE_SIGNING_KEY',
    signer === null
      ? 'Results that this run stores on the remote cache would be refused: publicKeys are configured, and nothing signs them.'
      : `Results that this run stores on the remote cache would be refused: the signing key's public key ${signer.publicKey} is not among publicKeys.`,
    'Set LATHE_CACHE_SIGNING_KEY to the file of a private key whose public key is among them, or do not write.',
    { class: 'usage' },
  );
}

/** A stranger's folder may name any address in its config.yaml: the header goes only where its owner sends it. */
function authorizationOf({ address, namedBy }: Named, environment: Environment): string | null {
  const value = variable(environment, 'LATHE_REMOTE_CACHE_AUTHORIZATION')?.trim() ?? null;
  if (value === null || address.kind !== 'http' || namedBy === 'file') return null;
  const { protocol, hostname, host } = address.url;
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) {
    throw credentialsError(
      `LATHE_REMOTE_CACHE_AUTHORIZATION would travel unencrypted to ${host}.`,
      'Use https://, or unset the variable.',
    );
  }
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  throw credentialsError(
    'LATHE_REMOTE_CACHE_AUTHORIZATION has characters that no header can hold.',
    'Set it to the value of the header Authorization, such as "Bearer" and a token.',
  );
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

function credentialsOf(address: RemoteAddress, environment: Environment, writes: boolean): AwsCredentials | null {
  if (address.kind !== 's3') return null;
  const accessKeyId = variable(environment, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = variable(environment, 'AWS_SECRET_ACCESS_KEY');
  const fix = 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN with temporary ones.';
  if (accessKeyId !== null && secretAccessKey !== null) {
    return { accessKeyId, secretAccessKey, sessionToken: variable(environment, 'AWS_SESSION_TOKEN') };
  }
  if (accessKeyId !== null || secretAccessKey !== null) {
    const missing = accessKeyId === null ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY';
    throw credentialsError(`${missing} is not set, while its companion is.`, fix);
  }
  if (writes) throw credentialsError(`Storing results in the bucket ${address.bucket} takes credentials.`, fix);
  return null;
}

function regionOf(address: RemoteAddress, environment: Environment): string {
  const given = address.kind === 's3' ? address.region : null;
  return given ?? variable(environment, 'AWS_REGION') ?? variable(environment, 'AWS_DEFAULT_REGION') ?? 'us-east-1';
}

function credentialsError(problem: string, fix: string): UserError {
  return new UserError('REMOTE_CREDENTIALS', problem, fix, { class: 'usage' });
}

/** Null if unset or empty. */
function variable(environment: Environment, name: string): string | null {
  return environment[name] || null;
}
