import { z } from 'zod'
import { QiError } from '../../../../base/types/index.ts'
import type { ObjectStore } from './ObjectStore.ts'
import { OWN } from './objects.ts'

/** The destination that owns a prefix, and the extension of its objects. */
const ownerSchema = z.object({ destination: z.string().min(1), extension: z.string().min(1) })

export interface OwnOptions {
  readonly store: ObjectStore
  readonly prefix: string
  /** Bucket and prefix, shown to people. */
  readonly place: string
  readonly destination: string
  readonly extension: string
  /** True if the server refuses a second put of one name. */
  readonly exact: boolean
}

/** Makes a prefix the destination's own. @throws QiError CONFIG_INVALID where another destination owns it */
export async function own({ store, prefix, place, destination, extension, exact }: OwnOptions): Promise<void> {
  const key = `${prefix}${OWN}/destination`
  const text = `${JSON.stringify({ destination, extension })}\n`
  const object = { key, body: { text }, contentType: 'application/json', metadata: {} }
  const taken = (setting: string, why: string): QiError => {
    const field = `destinations.${destination}.${setting}`
    return new QiError('CONFIG_INVALID', `${field}: ${place}: ${why}`, { field })
  }
  if (exact) await store.put(object, 'absent')
  else if ((await store.text(key)) === undefined) await store.put(object, undefined)
  const owner = ownerOf(await store.text(key))
  if (!owner)
    throw new QiError('BAD_DATA', `${place}: ${key} was not written by a destination; remove it, or give another prefix`)
  if (owner.destination !== destination)
    throw taken('prefix', `it belongs to destination "${owner.destination}": give each its own`)
  // A process with the earlier settings may still write the same segments, under names with the other extension.
  if (owner.extension !== extension)
    throw taken('format', `its objects are ${owner.extension}, not ${extension}: keep the format, or give another prefix`)
}

function ownerOf(text: string | undefined): z.output<typeof ownerSchema> | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text ?? ''))
  } catch {
    return undefined
  }
}
