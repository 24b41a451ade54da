import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Package } from './package.ts'

/** An upload takes minutes; an older one was left by a process that has ended. */
const STALE_MS = 3_600_000

export interface TidyOptions {
  readonly bucket: string
  readonly prefix: string
  readonly signal: AbortSignal
  readonly staleMs?: number
}

/**
 * Removes the parts of stale uploads, which are invisible but cost money. Handles the first thousand.
 * @throws errors of the SDK
 */
export async function tidy(
  sdk: S3Package,
  client: S3Client,
  { bucket, prefix, signal, staleMs = STALE_MS }: TidyOptions,
): Promise<void> {
  const abortSignal = signal
  const list = new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix })
  const { Uploads: uploads = [] } = await client.send(list, { abortSignal })
  for (const { Key, UploadId, Initiated } of uploads) {
    if (!Key?.startsWith(prefix) || !Initiated || Date.now() - Initiated.getTime() < staleMs) continue
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), { abortSignal })
  }
}
