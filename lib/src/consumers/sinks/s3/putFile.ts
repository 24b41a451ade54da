import { type FileHandle, open } from 'node:fs/promises'
import type { CompletedPart, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { PART_BYTES } from '../shared/objects/ObjectStore.ts'
import type { S3Package } from './package.ts'

/** S3 allows no more. */
const MOST_PARTS = 10_000

export interface PutFile {
  readonly sdk: S3Package
  readonly client: S3Client
  readonly object: PutObjectCommandInput & { readonly Bucket: string; readonly Key: string }
  /** Checked when the object is created: by the put, or by the completion of its parts. */
  readonly condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string }
  readonly path: string
  readonly abortSignal: AbortSignal
}

/** Puts a file, in parts where it is larger than one; the parts of a failed upload are removed. @throws errors of the SDK */
export async function putFile(put: PutFile): Promise<void> {
  const file = await open(put.path)
  try {
    const { size } = await file.stat()
    if (size > PART_BYTES) return await inParts(put, file, size)
    const { sdk, client, object, condition, abortSignal } = put
    await client.send(new sdk.PutObjectCommand({ ...object, ...condition, Body: await file.readFile() }), { abortSignal })
  } finally {
    await file.close()
  }
}

async function inParts({ sdk, client, object, condition, abortSignal }: PutFile, file: FileHandle, size: number): Promise<void> {
  const { Bucket, Key } = object
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(object), { abortSignal })
  const upload = { Bucket, Key, UploadId }
  try {
    const bytes = Buffer.allocUnsafe(Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS)))
    const parts: CompletedPart[] = []
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, 0, Math.min(bytes.length, size - at), at)
      if (bytesRead === 0) throw new Error(`${Key}: the file became shorter while it was sent`)
      const PartNumber = parts.length + 1
      const part = new sdk.UploadPartCommand({ ...upload, PartNumber, Body: bytes.subarray(0, bytesRead) })
      const { ETag } = await client.send(part, { abortSignal })
      parts.push({ ETag, PartNumber })
      at += bytesRead
    }
    const complete = new sdk.CompleteMultipartUploadCommand({ ...upload, ...condition, MultipartUpload: { Parts: parts } })
    await client.send(complete, { abortSignal })
  } catch (error) {
    // Without the signal, which may be the reason. Parts that this misses are removed later (tidy).
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {})
    throw error
  }
}
