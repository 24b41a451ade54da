/** The file of a segment or a day, local or remote. */
export interface KeptFile {
  /** Shown to people: a path, or the name of an object in its bucket. */
  readonly place: string
  /**
   * Makes it a local file, which the caller disposes of after reading.
   * @param scratch a local folder for a remote file
   * @throws QiError
   */
  open(scratch: string, signal: AbortSignal): Promise<OpenFile>
}

export interface OpenFile extends AsyncDisposable {
  readonly path: string
}

/** A local file. */
export const localFile = (path: string): KeptFile => ({
  place: path,
  open: async () => ({ path, [Symbol.asyncDispose]: async () => {} }),
})

/** A stored segment. */
export interface KeptSegment {
  /** Its last offset. */
  readonly last: bigint
  /** Number of records that it was written with; undefined where that is unknown. */
  readonly rows: number | undefined
  readonly extension: string
  /** Shown to people: its place, also after it was removed. */
  readonly place: string
  /** Undefined where it was removed. */
  readonly file: KeptFile | undefined
}

/** The segments from which a day was compacted. */
export interface DayContents {
  readonly rows: number
  /** Last offsets of its segments, by their names. */
  readonly segments: ReadonlyMap<string, bigint>
}

/** A compacted day. */
export interface CompactedDay extends DayContents {
  readonly extension: string
  /** Undefined where it was removed. */
  readonly file: KeptFile | undefined
  /** True if the file is the one of the note, and of the configured format. */
  readonly current: boolean
}

/** Gives compaction the segments of a day, and stores the file that it makes of them. */
export interface DayArchive {
  /** Folders that have or had segments, `price/source=coingecko/date=2026-01-05`, in any order. @throws QiError */
  folders(): Promise<readonly string[]>
  /** The day of the last {@link note}; undefined where there is none. @throws QiError */
  day(folder: string): Promise<CompactedDay | undefined>
  /**
   * Names of a folder's segments, including removed ones that its day was made of. The content of a name never changes. Called after
   * {@link day}. @throws QiError
   */
  names(folder: string): Promise<readonly string[]>
  /** @throws QiError */
  segment(folder: string, name: string): Promise<KeptSegment>
  /**
   * Replaces the day that {@link day} found, atomically.
   * @returns an identity of the file; undefined where another process has published one meanwhile, which stays
   */
  publish(folder: string, path: string): Promise<string | undefined>
  /** Notes the segments of the published day. @throws QiError */
  note(folder: string, published: string, contents: DayContents): Promise<void>
}
