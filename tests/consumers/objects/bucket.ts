import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { parquetReadObjects } from 'hyparquet'
import { S3_KEYS } from '../../support/objectServers.ts'

export interface StoredObject {
  readonly contentType: string | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** A bucket, accessed by other means than the destination's. */
export interface Bucket {
  /** Keys with the prefix, without those under `_qicore`. */
  keys(prefix?: string): Promise<string[]>
  bytes(key: string): Promise<Buffer>
  object(key: string): Promise<StoredObject>
  /** Replaces the bytes of an object, and keeps its metadata. */
  overwrite(key: string, bytes: Buffer): Promise<void>
  remove(key: string): Promise<void>
}

export const s3Client = (endpoint: string): S3Client =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: S3_KEYS.access_key_id, secretAccessKey: S3_KEYS.secret_access_key },
  })

const isData = (key: string): boolean => !key.includes('_qicore/')

export function s3Bucket(client: S3Client, name: string): Bucket {
  return {
    keys: async (prefix = '') => {
      const found: string[] = []
      for (let token: string | undefined; ; ) {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: name, Prefix: prefix, ...(token && { ContinuationToken: token }) }),
        )
        found.push(...(page.Contents ?? []).map(({ Key }) => Key as string))
        token = page.NextContinuationToken
        if (!token) return found.filter(isData).sort()
      }
    },
    bytes: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }))
      return Buffer.from((await Body?.transformToByteArray()) as Uint8Array)
    },
    object: async (key) => {
      const { ContentType, Metadata = {} } = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }))
      return { contentType: ContentType, metadata: Metadata }
    },
    overwrite: async (key, bytes) => {
      const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }))
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: bytes, Metadata }))
    },
    remove: async (key) => void (await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))),
  }
}

/** Parts of uploads that were neither completed nor aborted. */
export async function uploadsOf(client: S3Client, bucket: string): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads.map(({ Key }) => Key as string)
}

export function gcsBucket(endpoint: string, name: string): Bucket {
  const at = `${endpoint}/storage/v1/b/${name}/o`
  const get = async (url: string): Promise<Response> => {
    const answer = await fetch(url)
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
    return answer
  }
  return {
    keys: async (prefix = '') => {
      const { items = [] } = (await (await get(`${at}?prefix=${encodeURIComponent(prefix)}`)).json()) as {
        items?: { name: string }[]
      }
      return items
        .map((item) => item.name)
        .filter(isData)
        .sort()
    },
    bytes: async (key) => Buffer.from(await (await get(`${at}/${encodeURIComponent(key)}?alt=media`)).arrayBuffer()),
    object: async (key) => {
      const { contentType, metadata = {} } = (await (await get(`${at}/${encodeURIComponent(key)}`)).json()) as StoredObject
      return { contentType, metadata }
    },
    overwrite: async (key, bytes) => {
      const { metadata } = (await (await get(`${at}/${encodeURIComponent(key)}`)).json()) as StoredObject
      const boundary = 'of-the-test'
      const head = `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name: key, metadata })}\r\n`
      const body = Buffer.concat([
        Buffer.from(`${head}--${boundary}\r\ncontent-type: text/plain\r\n\r\n`),
        bytes,
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ])
      const headers = { 'content-type': `multipart/related; boundary=${boundary}` }
      const url = `${endpoint}/upload/storage/v1/b/${name}/o?uploadType=multipart`
      if (!(await fetch(url, { method: 'POST', headers, body })).ok) throw new Error(`${key} was not put`)
    },
    remove: async (key) => void (await fetch(`${at}/${encodeURIComponent(key)}`, { method: 'DELETE' })),
  }
}

const lines = (bytes: Buffer): string[] =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { price: string }).price)

const PRICES: Readonly<Record<string, (bytes: Buffer) => Promise<readonly string[]> | readonly string[]>> = {
  ndjson: lines,
  'ndjson.gz': (bytes) => lines(gunzipSync(bytes)),
  json: (bytes) => (JSON.parse(bytes.toString()) as { price: string }[]).map(({ price }) => price),
  'csv.zst': (bytes) => {
    const [header = '', ...rows] = zstdDecompressSync(bytes).toString().trimEnd().split('\r\n')
    return rows.map((row) => row.split(',')[header.split(',').indexOf('price')] as string)
  },
  parquet: async (bytes) => {
    const file = {
      byteLength: bytes.length,
      slice: (from: number, to?: number) => new Uint8Array(bytes.subarray(from, to)).buffer,
    }
    const rows = await parquetReadObjects({ file, compressors: { ZSTD: (packed) => zstdDecompressSync(packed) } })
    return rows.map((row) => String(row.price_exact ?? row.price))
  },
}

/** Prices in every object of a prefix. */
export async function pricesIn(bucket: Bucket, prefix: string): Promise<string[]> {
  const found: string[] = []
  for (const key of await bucket.keys(prefix)) {
    const extension = key.slice(key.lastIndexOf('/')).replace(/^[^.]*\./, '')
    found.push(...((await PRICES[extension]?.(await bucket.bytes(key))) ?? [`${key} cannot be read`]))
  }
  return found
}
