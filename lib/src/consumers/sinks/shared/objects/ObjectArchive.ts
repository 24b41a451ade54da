import { rm } from 'node:fs/promises'
import { nameOf, onDisk, type Segment, type SegmentArchive, stemOf } from '../../../../base/segments/index.ts'
import { QiError, type TopicPartition } from '../../../../base/types/index.ts'
import { contentTypeOf } from './contentType.ts'
import type { ObjectStore } from './ObjectStore.ts'
import { lastOf, OWN, placeOf, segmentMetadata } from './objects.ts'
import { own } from './own.ts'

/** The part of a name after its stem: the first offset, and where the server ignores conditions, the last. */
const OFFSETS = /^\d{20}(-\d{20})?\./

export interface ObjectArchiveOptions {
  readonly store: ObjectStore
  /** Prefix of all keys; empty, or with a slash at its end. */
  readonly prefix: string
  /** Extension of the objects. */
  readonly extension: string
  readonly destination: string
  /** Part of each segment's name: the same offsets of another pipeline can be other records. */
  readonly pipeline: string
}

/**
 * Segments as objects of a bucket, one each. A put has the name of the first offset and the condition that no object has it, so one of
 * several processes that write the same segment succeeds; the metadata tell the others its last offset. Where the server ignores the
 * condition, names also have the last offset, so that nothing is overwritten: a segment that is delivered again is then kept twice.
 */
export class ObjectArchive implements SegmentArchive {
  readonly #options: ObjectArchiveOptions
  #exact = true

  constructor(options: ObjectArchiveOptions) {
    this.#options = options
  }

  /** True if the server refuses a second put of one name. */
  get exact(): boolean {
    return this.#exact
  }

  /** For people: bucket and prefix. */
  get place(): string {
    return placeOf(this.#options)
  }

  async keep({ folder, first, last, rows, path, ...partition }: Segment): Promise<bigint> {
    const { store, extension, pipeline } = this.#options
    const end = this.#exact ? '' : `-${String(last).padStart(20, '0')}`
    const key = this.#key(`${folder}/${pipeline}+${nameOf(partition, first)}${end}.${extension}`)
    const metadata = segmentMetadata({ first, last, rows })
    try {
      // Checked before the upload: a server may close the connection instead of reading bytes that it will refuse.
      const there = await store.stat(key)
      if (there) return lastOf(there, this.place, key, first)
      const object = { key, body: { path }, contentType: contentTypeOf(extension), metadata }
      if (await store.put(object, this.#exact ? 'absent' : undefined)) return last
      return await this.#lastOf(key, first)
    } finally {
      await rm(path, { force: true }).catch((error: unknown) => {
        throw onDisk(error)
      })
    }
  }

  async reach(folder: string, partition: TopicPartition): Promise<bigint | undefined> {
    const stem = this.#key(`${folder}/${this.#options.pipeline}+${stemOf(partition)}`)
    let newest: string | undefined
    for await (const key of this.#options.store.keys(stem)) {
      if (!OFFSETS.test(key.slice(stem.length))) continue
      if (newest === undefined || key > newest) newest = key
    }
    return newest === undefined ? undefined : this.#lastOf(newest, BigInt(newest.slice(stem.length, stem.length + 20)))
  }

  /** Puts one name twice and sets {@link exact} by the second answer. @throws QiError */
  async prove(): Promise<void> {
    const { store } = this.#options
    const key = this.#key(`${OWN}/probe`)
    const object = { key, body: { text: 'put twice, to see the second put refused\n' }, contentType: 'text/plain', metadata: {} }
    try {
      // The object stays: next time one put is enough, and no right to delete is needed.
      const fresh = await store.put(object, 'absent')
      this.#exact = fresh ? !(await store.put(object, 'absent')) : true
    } catch (error) {
      if (!(error instanceof QiError) || error.code !== 'UNSUPPORTED') throw error
      this.#exact = false
      await store.put(object, undefined)
    }
    if ((await store.stat(key)) === undefined)
      throw new QiError('UNAVAILABLE', `${this.place}: ${key} was put, but does not exist: check endpoint`)
    for await (const _ of store.keys(this.#key(`${OWN}/`))) return
    throw new QiError('UNAVAILABLE', `${this.place}: ${key} was put, but is not listed: check endpoint`)
  }

  /** Makes the prefix the destination's own. @throws QiError CONFIG_INVALID where another destination owns it */
  own(): Promise<void> {
    const { store, prefix, destination, extension } = this.#options
    return own({ store, prefix, place: this.place, destination, extension, exact: this.#exact })
  }

  async #lastOf(key: string, first: bigint): Promise<bigint> {
    const there = await this.#options.store.stat(key)
    if (there) return lastOf(there, this.place, key, first)
    throw new QiError('UNAVAILABLE', `${this.place}: another process is writing ${key}, or has removed it`)
  }

  #key(name: string): string {
    return this.#options.prefix + name
  }
}
