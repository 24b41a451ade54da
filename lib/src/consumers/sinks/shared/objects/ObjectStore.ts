/** An object to put. */
export interface NewObject {
  readonly key: string
  /** A local file, or a short text. */
  readonly body: { readonly path: string } | { readonly text: string }
  readonly contentType: string
  /** Names in lower case, and short texts. */
  readonly metadata: Readonly<Record<string, string>>
}

/** An existing object. */
export interface StoredObject {
  readonly metadata: Readonly<Record<string, string>>
  readonly bytes: number
  /** Changes when the object is replaced. */
  readonly version: string
}

/** The condition of a put: no object has the key, or the object still has that version; undefined: none. */
export type PutCondition = 'absent' | { readonly version: string } | undefined

/** Bytes `from` up to and without `to` of one version of an object. */
export interface ObjectRange {
  readonly key: string
  readonly version: string
  readonly from: number
  readonly to: number
}

/**
 * The operations of a bucket that segments need. Every call has a time limit. A failure is a QiError: retryable where it is temporary,
 * else with the setting to correct.
 */
export interface ObjectStore {
  /** Shown to people: `s3://bucket at http://127.0.0.1:9000`. */
  readonly place: string
  /**
   * Creates an object atomically.
   * @returns false where the condition does not hold, or another put of that key is under way
   * @throws QiError UNSUPPORTED where the server does not support the condition
   */
  put(object: NewObject, condition: PutCondition): Promise<boolean>
  /** Undefined where there is no such object. */
  stat(key: string): Promise<StoredObject | undefined>
  /** Undefined where there is no such object, or it was replaced. */
  read(range: ObjectRange): Promise<Uint8Array | undefined>
  /** The first kilobyte of an object; undefined where there is none. */
  text(key: string): Promise<string | undefined>
  /** Keys of the objects with that prefix. */
  keys(prefix: string): AsyncIterable<string>
  /** Removes parts of uploads that were never completed. */
  tidy(prefix: string): Promise<void>
  /** Aborts the calls under way. */
  close(): Promise<void>
}

/** Most bytes that {@link ObjectStore.text} reads. */
export const MOST_TEXT = 1024

/** Larger files are sent and fetched in parts of this size, one of which is in memory. S3 allows no less than 5 MiB. */
export const PART_BYTES = 8 * 1024 * 1024
