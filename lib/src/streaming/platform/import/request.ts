import type { Micros, QiError } from '../../../base/types/index.ts'
import type { FormatName, MemberSeries, RowSettings } from '../../../publishers/index.ts'

/** The files to import, and how to read them. */
export interface ImportRequest {
  /** Files, folders and patterns. */
  readonly paths: readonly string[]
  readonly format: FormatName
  /** The source of the records. Default: that of the format. */
  readonly source?: string | undefined
  /** The instrument of all files: `BTC/USDT`. */
  readonly coin?: string | undefined
  /** Instruments by the venue's symbol. */
  readonly symbols?: Readonly<Record<string, string>>
  readonly currency?: string | undefined
  readonly rows: Omit<RowSettings, 'origin'>
  /** The moment up to which the files reach: bars that end later are not final. Default: by the name of each file. */
  readonly until?: Micros | undefined
  /** Takes files that do not have their checksum. */
  readonly force?: boolean | undefined
  /** Imports files again that are imported. */
  readonly again?: boolean | undefined
  /** Reads and counts, and publishes nothing. */
  readonly dryRun?: boolean | undefined
  /** Instruments that may be meant, besides those that the store lists. */
  readonly coins?: readonly string[] | undefined
  /** Only these records. The files are then read again by the next import. Files of unknown symbols are left out. */
  readonly only?: ImportFilter | undefined
}

export interface ImportFilter {
  /** True for a member to read, by the type of its records and their series. */
  readonly member: (type: string, series: MemberSeries) => boolean
  readonly from?: Micros | undefined
  readonly to?: Micros | undefined
}

export interface ImportProgress {
  /** Name of the current file. */
  readonly file: string
  readonly files: number
  readonly filesInAll: number
  readonly bytes: number
  readonly bytesInAll: number
  readonly read: number
  readonly refused: number
}

export interface ImportFailure {
  readonly file: string
  readonly error: QiError
}

export interface ImportResult {
  readonly files: number
  /** Files that were imported before, as they are now. */
  readonly unchanged: number
  /** Rows with a record or a rejection. */
  readonly read: number
  /** Records that are durable in the stream; with a dry run those that would be published. */
  readonly published: number
  /** Rows that are in the dead letters; with a dry run those that would be. */
  readonly refused: number
  /** Records added to the store, and those whose key was stored already. Undefined if another process stores them. */
  readonly stored: number | undefined
  readonly overwritten: number | undefined
  readonly failures: readonly ImportFailure[]
  readonly failed: number
}
