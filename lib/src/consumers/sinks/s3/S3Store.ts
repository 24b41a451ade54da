import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { redaction } from '../../../base/networking/index.ts'
import { optionalPackage, QiError, type SinkContext } from '../../../base/types/index.ts'
import {
  MOST_TEXT,
  type NewObject,
  type ObjectRange,
  type ObjectStore,
  type PutCondition,
  type StoredObject,
} from '../shared/objects/ObjectStore.ts'
import { type FailurePlace, isConflict, isMissing, s3Failure } from './failure.ts'
import type { S3Package } from './package.ts'
import { putFile } from './putFile.ts'
import type { S3Settings } from './settings.ts'
import { tidy } from './tidy.ts'

/** Bounds of a call, in milliseconds: a connection, the longest silence, and all of it. */
const CONNECT_MS = 5_000
const SILENCE_MS = 30_000
const TOTAL_MS = 120_000
/** Attempts of one call, before the delivery retries. */
const ATTEMPTS = 3
/** Most pages of a thousand names, so that a faulty server cannot page forever. */
const MOST_PAGES = 10_000

export async function openS3(settings: S3Settings, { name, signal }: Pick<SinkContext, 'name' | 'signal'>): Promise<ObjectStore> {
  const type = { neededBy: `destinations.${name}.type "s3"`, field: `destinations.${name}.type` }
  const sdk = await optionalPackage<S3Package>({ name: '@aws-sdk/client-s3', major: 3, ...type })
  const client = new sdk.S3Client(clientConfig(settings))
  return new S3Store(sdk, client, settings, name, signal)
}

function clientConfig(settings: S3Settings): S3ClientConfig {
  const { endpoint, region, path_style, access_key_id, secret_access_key, session_token, profile } = settings
  const credentials =
    access_key_id !== undefined && secret_access_key !== undefined
      ? {
          accessKeyId: access_key_id,
          secretAccessKey: secret_access_key,
          ...(session_token !== undefined && { sessionToken: session_token }),
        }
      : undefined
  return {
    ...(endpoint !== undefined && { endpoint, region: 'us-east-1', forcePathStyle: true }),
    ...(region !== undefined && { region }),
    ...(path_style !== undefined && { forcePathStyle: path_style }),
    ...(credentials && { credentials }),
    ...(profile !== undefined && { profile }),
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      requestTimeout: TOTAL_MS,
      throwOnRequestTimeout: true,
    },
    // Older S3 services refuse the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}

class S3Store implements ObjectStore {
  readonly #sdk: S3Package
  readonly #client: S3Client
  readonly #settings: S3Settings
  readonly #failing: FailurePlace
  readonly #closing = new AbortController()
  readonly #signal: AbortSignal
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(sdk: S3Package, client: S3Client, settings: S3Settings, destination: string, signal: AbortSignal) {
    this.#sdk = sdk
    this.#client = client
    this.#settings = settings
    this.#failing = {
      destination,
      bucket: settings.bucket,
      place: this.place,
      redact: redaction([settings.secret_access_key, settings.session_token]),
    }
    this.#signal = AbortSignal.any([signal, this.#closing.signal])
  }

  get place(): string {
    const { bucket, endpoint } = this.#settings
    return endpoint === undefined ? `s3://${bucket}` : `s3://${bucket} at ${endpoint}`
  }

  async put({ key, body, contentType, metadata }: NewObject, on: PutCondition): Promise<boolean> {
    const { storage_class, encryption, kms_key_id } = this.#settings
    const object = {
      ...this.#named(key),
      ContentType: contentType,
      Metadata: { ...metadata },
      ...(storage_class !== undefined && { StorageClass: storage_class }),
      ...(encryption !== undefined && { ServerSideEncryption: encryption }),
      ...(kms_key_id !== undefined && { SSEKMSKeyId: kms_key_id }),
    }
    const condition = on === undefined ? {} : on === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: on.version }
    const abortSignal = this.#signal
    try {
      if ('path' in body)
        await this.#watched(putFile({ sdk: this.#sdk, client: this.#client, object, condition, path: body.path, abortSignal }))
      else {
        const put = new this.#sdk.PutObjectCommand({ ...object, ...condition, Body: body.text })
        await this.#watched(this.#client.send(put, { abortSignal }))
      }
      return true
    } catch (error) {
      if (on !== undefined && (isConflict(error) || (on !== 'absent' && isMissing(error)))) return false
      throw this.#failure(error, on !== undefined)
    }
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    try {
      const head = new this.#sdk.HeadObjectCommand(this.#named(key))
      const found = await this.#watched(this.#client.send(head, { abortSignal: this.#signal }))
      return { metadata: found.Metadata ?? {}, bytes: found.ContentLength ?? 0, version: found.ETag ?? '' }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw this.#failure(error)
    }
  }

  async read({ key, version, from, to }: ObjectRange): Promise<Uint8Array | undefined> {
    try {
      const range = { IfMatch: version, Range: `bytes=${from}-${to - 1}` }
      const get = new this.#sdk.GetObjectCommand({ ...this.#named(key), ...range })
      const abort = new AbortController()
      const abortSignal = AbortSignal.any([this.#signal, abort.signal])
      const { Body: body, ContentLength: bytes = 0 } = await this.#watched(this.#client.send(get, { abortSignal }))
      if (bytes <= to - from) return (await body?.transformToByteArray()) ?? new Uint8Array()
      abort.abort()
      throw new QiError(
        'UNSUPPORTED',
        `${this.place}: ${to - from} bytes were requested, and ${bytes} came: it does not support ranges`,
      )
    } catch (error) {
      if (isMissing(error) || isConflict(error)) return undefined
      throw this.#failure(error)
    }
  }

  async text(key: string): Promise<string | undefined> {
    try {
      const get = new this.#sdk.GetObjectCommand({ ...this.#named(key), Range: `bytes=0-${MOST_TEXT - 1}` })
      const { Body: body } = await this.#watched(this.#client.send(get, { abortSignal: this.#signal }))
      return (await body?.transformToString()) ?? ''
    } catch (error) {
      if (isMissing(error)) return undefined
      throw this.#failure(error)
    }
  }

  async *keys(prefix: string): AsyncGenerator<string> {
    let token: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const list = new this.#sdk.ListObjectsV2Command({
        Bucket: this.#settings.bucket,
        Prefix: prefix,
        ...(token !== undefined && { ContinuationToken: token }),
      })
      const found = await this.#watched(this.#client.send(list, { abortSignal: this.#signal })).catch((error: unknown) => {
        throw this.#failure(error)
      })
      for (const { Key: key } of found.Contents ?? []) if (key?.startsWith(prefix)) yield key
      if (!found.IsTruncated || !found.NextContinuationToken) return
      token = found.NextContinuationToken
    }
  }

  async tidy(prefix: string): Promise<void> {
    try {
      await this.#watched(tidy(this.#sdk, this.#client, { bucket: this.#settings.bucket, prefix, signal: this.#signal }))
    } catch (error) {
      throw this.#failure(error)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    // Waits until unfinished uploads are aborted on the server.
    await Promise.allSettled(this.#underWay)
    this.#client.destroy()
  }

  #named(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#settings.bucket, Key: key }
  }

  #failure(error: unknown, once = false): QiError {
    return s3Failure(error, this.#failing, once)
  }

  async #watched<T>(call: Promise<T>): Promise<T> {
    this.#underWay.add(call)
    try {
      return await call
    } finally {
      this.#underWay.delete(call)
    }
  }
}
