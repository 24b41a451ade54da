import type { Micros, RecordType, SeriesTraits } from '../../../base/types/index.ts'
import type { Member } from '../input/members.ts'
import type { Gathered } from '../rows/batches.ts'
import type { RowSettings } from '../rows/settings.ts'
import type { FoundInstrument, Market, MemberSeries } from './series.ts'

export interface FormatContext {
  /** The source of the records, as the user asked for it. */
  readonly source: string | undefined
  /**
   * The instrument of a venue's symbol.
   * @throws QiError BAD_REQUEST if it is not known, or ambiguous
   */
  readonly instrument: (source: string, symbol: string, market?: Market) => Promise<FoundInstrument>
  readonly settings: RowSettings
  /** The moment up to which the files reach: bars that end later are not final. */
  readonly until?: Micros | undefined
  readonly signal: AbortSignal
}

/** A member that is ready to be read. */
export interface Reader {
  /** The one record type of its records; undefined if its rows tell it. */
  readonly type: RecordType | undefined
  /** The one series of its records; undefined if it has several. */
  readonly series?: MemberSeries
  /** True if nothing happened where it has no record, between its first and its last one. */
  readonly sparse?: boolean
  /** The records from a row on; a row is a line, or of Parquet a row, from 1 on. */
  rows(from: number): AsyncIterable<Gathered>
}

/** A form of files that an import reads. */
export interface FileFormat {
  readonly name: string
  readonly summary: string
  /** The source of its records unless the user names one. */
  readonly source?: string
  /** Traits of the series of that source. */
  readonly traits?: SeriesTraits
  /** True if it reads a file of this name; others of a folder or an archive are left out. */
  readonly accepts: (name: string) => boolean
  /**
   * Prepares a member; reads at most its beginning.
   * @throws QiError BAD_DATA, BAD_REQUEST, UNSUPPORTED or CONFIG_INVALID that refuses the member as a whole
   */
  readonly open: (member: Member, context: FormatContext) => Promise<Reader>
}
