import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import {
  type CompactedDay,
  type DayArchive,
  type DayContents,
  type KeptSegment,
  onDisk,
} from '../../../../base/segments/index.ts'
import { QiError } from '../../../../base/types/index.ts'
import { contentTypeOf } from './contentType.ts'
import { keptObject, textOf } from './keptObject.ts'
import type { ObjectStore, PutCondition, StoredObject } from './ObjectStore.ts'
import { lastOf, OWN, placeOf, rowsOf } from './objects.ts'

/** Name of the object of a day, without its extension. */
const DAY = 'day'
const PUBLISHED = 'qicore-published'
const FOLDER = /^[a-z_]+\/source=[^/]+\/date=\d{4}-\d\d-\d\d(?=\/)/
/** A segment's name: pipeline, topic, partition, first offset, where the server ignores conditions the last, and extension. */
const SEGMENT = /\+(\d{20})(?:-\d{20})?\.([a-z.]+)$/
/** Most bytes of a note, which has about 60 for each segment. */
const MOST_NOTE = 16 << 20

/** Describes a compacted day; put after the day itself. */
const noteSchema = z.object({
  /** Metadata of that day, which distinguish it from others of its name. */
  published: z.string().min(1),
  extension: z.string().min(1),
  rows: z.int().min(1),
  /** Last offsets by name. */
  segments: z.record(z.string(), z.string().regex(/^\d+$/)),
})
type Note = z.output<typeof noteSchema>

export interface ObjectDaysOptions {
  readonly store: ObjectStore
  /** Prefixes of the segments and of the days; empty, or with a slash at the end. */
  readonly prefix: string
  readonly daysPrefix: string
  /** Extension of the objects of days. */
  readonly extension: string
  /** True if the server obeys the condition of a put. */
  readonly exact: () => boolean
}

/**
 * Compacted days in a bucket, under a prefix of their own with one object in each folder. A put has the condition that the day was not
 * replaced meanwhile, so one of two processes that compact the same day succeeds.
 */
export class ObjectDays implements DayArchive {
  readonly #options: ObjectDaysOptions
  /** The last day that {@link day} has read, with its note. */
  readonly #seen = new Map<string, { readonly object: StoredObject | undefined; readonly note: Note | undefined }>()

  constructor(options: ObjectDaysOptions) {
    this.#options = options
  }

  async folders(): Promise<readonly string[]> {
    const { store, prefix } = this.#options
    const found = new Set<string>()
    for await (const key of store.keys(prefix)) {
      const [folder] = FOLDER.exec(key.slice(prefix.length)) ?? []
      if (folder !== undefined) found.add(folder)
    }
    return [...found]
  }

  async day(folder: string): Promise<CompactedDay | undefined> {
    const { store, extension } = this.#options
    this.#seen.clear()
    const note = await this.#note(folder)
    const key = this.#dayKey(folder)
    const object = await store.stat(key)
    this.#seen.set(folder, { object, note })
    if (!note) return undefined
    return {
      rows: note.rows,
      segments: new Map(Object.entries(note.segments).map(([name, last]) => [name, BigInt(last)])),
      extension,
      file: object && keptObject(store, key, object),
      current: note.extension === extension && object?.metadata[PUBLISHED] === note.published,
    }
  }

  async names(folder: string): Promise<readonly string[]> {
    const { store, prefix } = this.#options
    const before = `${prefix}${folder}/`
    // The note also has the names of segments whose objects were removed.
    const found = new Set(Object.keys(this.#seen.get(folder)?.note?.segments ?? {}))
    for await (const key of store.keys(before)) {
      const name = key.slice(before.length)
      if (SEGMENT.test(name) && !name.includes('/')) found.add(name)
    }
    return [...found]
  }

  async segment(folder: string, name: string): Promise<KeptSegment> {
    const { store, prefix } = this.#options
    const [, first = '0', extension = ''] = SEGMENT.exec(name) ?? []
    const key = `${prefix}${folder}/${name}`
    const place = `${placeOf(this.#options)}: ${key}`
    const object = await store.stat(key)
    if (object) {
      const last = lastOf(object, placeOf(this.#options), key, BigInt(first))
      return { last, rows: rowsOf(object), extension, place, file: keptObject(store, key, object) }
    }
    const noted = this.#seen.get(folder)?.note?.segments[name]
    if (noted === undefined) throw new QiError('NOT_FOUND', `${place} is gone: restore it from a backup`)
    return { last: BigInt(noted), rows: undefined, extension, place, file: undefined }
  }

  async publish(folder: string, path: string): Promise<string | undefined> {
    const { store, extension, exact } = this.#options
    const key = this.#dayKey(folder)
    const before = this.#seen.get(folder)?.object
    const published = randomUUID()
    const object = { key, body: { path }, contentType: contentTypeOf(extension), metadata: { [PUBLISHED]: published } }
    const condition: PutCondition = before ? { version: before.version } : 'absent'
    const put = await store.put(object, exact() ? condition : undefined).catch((error: unknown) => {
      // A server may support `absent` and not the condition on a version.
      if (!before || !(error instanceof QiError) || error.code !== 'UNSUPPORTED') throw error
      return store.put(object, undefined)
    })
    await rm(path, { force: true }).catch((error: unknown) => {
      throw onDisk(error)
    })
    if (put) return published
    // A retry after a lost answer meets the object of the first put.
    return (await store.stat(key))?.metadata[PUBLISHED] === published ? published : undefined
  }

  async note(folder: string, published: string, { rows, segments }: DayContents): Promise<void> {
    const lasts = Object.fromEntries([...segments].map(([name, last]) => [name, `${last}`]))
    const note: Note = { published, extension: this.#options.extension, rows, segments: lasts }
    const object = { key: this.#noteKey(folder), body: { text: JSON.stringify(note) }, contentType: 'application/json' }
    await this.#options.store.put({ ...object, metadata: {} }, undefined)
  }

  /** The note of a day. One that cannot be read counts as missing, and the day is compacted again. */
  async #note(folder: string): Promise<Note | undefined> {
    const { store } = this.#options
    const key = this.#noteKey(folder)
    const object = await store.stat(key)
    if (!object) return undefined
    const text = await textOf(store, key, object, MOST_NOTE)
    try {
      return noteSchema.parse(JSON.parse(text))
    } catch {
      return undefined
    }
  }

  #dayKey(folder: string): string {
    return `${this.#options.daysPrefix}${folder}/${DAY}.${this.#options.extension}`
  }

  #noteKey(folder: string): string {
    return `${this.#options.daysPrefix}${OWN}/${folder}/${DAY}.json`
  }
}
