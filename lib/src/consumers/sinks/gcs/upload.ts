import { randomUUID } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { QiError } from '../../../base/types/index.ts'
import { type NewObject, PART_BYTES, type PutCondition } from '../shared/objects/ObjectStore.ts'

export interface Upload {
  readonly object: NewObject
  readonly condition: PutCondition
  /** Calls the API for uploads. */
  readonly call: (query: Readonly<Record<string, string>>, init: RequestInit) => Promise<Response>
}

/** True: the object was created. False: the condition does not hold. A response is a failure. */
export type Uploaded = boolean | Response

/** Uploads a text or small file at once, a larger file in parts, one of which is in memory. @throws QiError */
export async function upload(of: Upload): Promise<Uploaded> {
  const { body } = of.object
  if ('text' in body) return atOnce(of, Buffer.from(body.text))
  const file = await open(body.path)
  try {
    const { size } = await file.stat()
    return size > PART_BYTES ? await inParts(of, file, size) : await atOnce(of, await file.readFile())
  } finally {
    await file.close()
  }
}

async function atOnce({ object, condition, call }: Upload, bytes: Buffer): Promise<Uploaded> {
  const boundary = `qicore-${randomUUID()}`
  const { key, contentType, metadata } = object
  const head = `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name: key, contentType, metadata })}\r\n`
  const body = Buffer.concat([
    Buffer.from(`${head}--${boundary}\r\ncontent-type: ${contentType}\r\n\r\n`),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  const headers = { 'content-type': `multipart/related; boundary=${boundary}` }
  return outcome(await call({ uploadType: 'multipart', ...asked(condition) }, { method: 'POST', headers, body }))
}

/** Uploads in a session, which creates the object with its last part. A failed session is deleted and leaves nothing visible. */
async function inParts({ object, condition, call }: Upload, file: FileHandle, size: number): Promise<Uploaded> {
  const { key, contentType, metadata } = object
  const headers = { 'content-type': 'application/json', 'x-upload-content-type': contentType }
  const body = JSON.stringify({ name: key, contentType, metadata })
  const query = { uploadType: 'resumable', name: key, ...asked(condition) }
  const begun = await call(query, { method: 'POST', headers, body })
  if (!begun.ok) return outcome(begun)
  const session = URL.parse(begun.headers.get('location') ?? '')?.searchParams
  if (!session?.has('upload_id')) throw new QiError('BAD_DATA', 'the session of an upload has no upload_id')
  const part = Object.fromEntries(session)
  try {
    const bytes = Buffer.allocUnsafe(PART_BYTES)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, 0, Math.min(bytes.length, size - at), at)
      if (bytesRead === 0) throw new QiError('INTERNAL', `${key}: the file became shorter while it was sent`)
      const range = `bytes ${at}-${at + bytesRead - 1}/${size}`
      const sent = { method: 'PUT', headers: { 'content-range': range }, body: bytes.subarray(0, bytesRead) }
      const answer = await call(part, sent)
      if (answer.status !== 308) return outcome(answer)
      await answer.body?.cancel()
      at = keptOf(answer, at)
    }
    throw new QiError('UNAVAILABLE', `${key}: all parts were sent, but the server did not confirm the object`)
  } catch (error) {
    await call(part, { method: 'DELETE' }).catch(() => {})
    throw error
  }
}

/** The offset up to which the server has kept the upload, which may be less than was sent. */
function keptOf(answer: Response, before: number): number {
  const [, last] = /^bytes=0-(\d{1,15})$/.exec(answer.headers.get('range') ?? '') ?? []
  const kept = last === undefined ? 0 : Number(last) + 1
  if (kept <= before) throw new QiError('UNAVAILABLE', 'a part of an upload was not kept')
  return kept
}

const asked = (condition: PutCondition): Readonly<Record<string, string>> =>
  condition === undefined ? {} : { ifGenerationMatch: condition === 'absent' ? '0' : condition.version }

async function outcome(answer: Response): Promise<Uploaded> {
  if (!answer.ok && answer.status !== 412) return answer
  await answer.body?.cancel()
  return answer.ok
}
