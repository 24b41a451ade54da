import { setImmediate } from 'node:timers/promises'
import type { ColumnChunk, RowGroup as GroupMetadata } from 'hyparquet'
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import type { RecordType } from '../../../types/index.ts'
import { writeChunk } from './chunk.ts'
import { RowGroup } from './RowGroup.ts'

const NEWLINE = 10
/** Most rows in a group of records with lists: a row then has up to some hundred values. */
const LIST_GROUP_ROWS = 2_000

/** An unfinished file: its length, and the footer entries of its row groups. */
export interface BegunParquet {
  readonly bytes: number
  readonly groups: readonly GroupMetadata[]
}

/**
 * Encodes lines of JSON as Parquet with zstd: times in microseconds UTC, decimals as DECIMAL(38, 20) with a text column for those that do
 * not fit. Columns are filled from the bytes of the records. It returns the bytes of each row group, and yields the thread after each column.
 */
export class ParquetEncoder {
  readonly #writer: ParquetWriter
  readonly #bytes: ByteWriter
  readonly #header: typeof writePageHeader
  readonly #group: RowGroup
  readonly #groupRows: number

  private constructor(
    writer: ParquetWriter,
    bytes: ByteWriter,
    header: typeof writePageHeader,
    group: RowGroup,
    groupRows: number,
  ) {
    this.#writer = writer
    this.#bytes = bytes
    this.#header = header
    this.#group = group
    this.#groupRows = groupRows
  }

  /**
   * @param groupRows most rows in a group
   * @param begun the unfinished file to continue
   */
  static async open(type: RecordType, groupRows: number, begun?: BegunParquet): Promise<ParquetEncoder> {
    const [{ ByteWriter, ParquetWriter }, { writePageHeader }] = await Promise.all([
      import('hyparquet-writer'),
      import('hyparquet-writer/src/datapage.js'),
    ])
    const hasLists = type.fields.some(({ kind }) => kind === 'decimals')
    const rows = hasLists ? Math.min(groupRows, LIST_GROUP_ROWS) : groupRows
    const group = new RowGroup(type, rows)
    const schema = [{ name: type.name, num_children: group.columns.length }, ...group.columns.flatMap(({ elements }) => elements)]
    const bytes = new ByteWriter()
    const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'qicore' })
    if (begun) {
      bytes.index = 0
      bytes.offset = begun.bytes
      writer.row_groups.push(...begun.groups)
      writer.num_rows = begun.groups.reduce((sum, { num_rows }) => sum + num_rows, 0n)
    }
    return new ParquetEncoder(writer, bytes, writePageHeader, group, rows)
  }

  /** Rows that are not written yet. */
  get waiting(): number {
    return this.#group.length
  }

  /** Footer entries of the written groups. */
  get groups(): readonly GroupMetadata[] {
    return this.#writer.row_groups
  }

  /** Adds complete lines with their newlines. @returns the bytes of the groups that they fill */
  async *add(lines: Buffer): AsyncGenerator<Uint8Array> {
    const group = this.#group
    group.open(lines)
    for (let from = 0; from < lines.length; ) {
      if (group.length === this.#groupRows) yield await this.flush()
      const end = lines.indexOf(NEWLINE, from)
      group.add(from, end)
      from = end + 1
    }
    await setImmediate()
  }

  /** Writes the waiting rows as a group. @returns its bytes; empty without rows */
  async flush(): Promise<Uint8Array> {
    if (this.#group.length > 0) await this.#writeGroup()
    return this.#take()
  }

  /** Ends the file. @returns its last bytes */
  async finish(): Promise<Uint8Array> {
    if (this.#group.length > 0) await this.#writeGroup()
    await this.#writer.finish()
    return this.#take()
  }

  async #writeGroup(): Promise<void> {
    const writer = this.#writer
    const start = writer.writer.offset
    const columns: ColumnChunk[] = []
    for (const column of this.#group.columns) {
      columns.push(writeChunk(writer, this.#header, column))
      await setImmediate()
    }
    const plain = columns.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n)
    const rows = BigInt(this.#group.length)
    writer.num_rows += rows
    const total_compressed_size = BigInt(writer.writer.offset - start)
    writer.row_groups.push({ columns, total_byte_size: plain, num_rows: rows, total_compressed_size })
    this.#group.clear()
  }

  /** Copies the bytes, because the writer reuses its buffer. */
  #take(): Uint8Array {
    const taken = this.#bytes.getBytes().slice()
    this.#bytes.index = 0
    return taken
  }
}
