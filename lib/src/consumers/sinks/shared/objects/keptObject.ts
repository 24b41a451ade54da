import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeptFile } from '../../../../base/segments/index.ts'
import { QiError } from '../../../../base/types/index.ts'
import { type ObjectRange, type ObjectStore, PART_BYTES, type StoredObject } from './ObjectStore.ts'

/** An object as a file: fetched part by part when it is opened, and removed from this machine when it is disposed. */
export const keptObject = (store: ObjectStore, key: string, object: StoredObject): KeptFile => ({
  place: `${store.place}: ${key}`,
  open: async (scratch, signal) => {
    const path = join(scratch, `${randomUUID()}.fetched`)
    await using stack = new AsyncDisposableStack()
    stack.defer(() => rm(path, { force: true }))
    await fetchInto(path, store, key, object, signal)
    const owned = stack.move()
    return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})

/** The text of an object. @throws QiError BAD_DATA where it has more than `most` bytes */
export async function textOf(store: ObjectStore, key: string, object: StoredObject, most: number): Promise<string> {
  if (object.bytes > most)
    throw new QiError('BAD_DATA', `${store.place}: ${key} has ${object.bytes} bytes, more than ${most}; remove it`)
  const parts: Uint8Array[] = []
  for (const range of rangesOf(key, object)) parts.push(await readRange(store, range))
  return Buffer.concat(parts).toString()
}

async function fetchInto(
  path: string,
  store: ObjectStore,
  key: string,
  object: StoredObject,
  signal: AbortSignal,
): Promise<void> {
  await using file = await open(path, 'wx')
  for (const range of rangesOf(key, object)) {
    signal.throwIfAborted()
    await file.writeFile(await readRange(store, range))
  }
}

/** @throws QiError UNAVAILABLE where the object was replaced, or the server sent fewer bytes than requested */
async function readRange(store: ObjectStore, range: ObjectRange): Promise<Uint8Array> {
  const { key, from, to } = range
  const bytes = await store.read(range)
  if (bytes?.length === to - from) return bytes
  const why = bytes ? `${to - from} bytes were requested, and ${bytes.length} came` : 'it was removed or replaced meanwhile'
  throw new QiError('UNAVAILABLE', `${store.place}: ${key}: ${why}`)
}

function* rangesOf(key: string, { version, bytes }: StoredObject): Generator<ObjectRange> {
  for (let from = 0; from < bytes; from += PART_BYTES) yield { key, version, from, to: Math.min(bytes, from + PART_BYTES) }
}
