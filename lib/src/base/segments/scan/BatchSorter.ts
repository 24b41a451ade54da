import { type EncodedBatch, type Failure, type Micros, type RecordType, toQiError } from '../../types/index.ts'
import { folderOf } from '../names.ts'
import { FolderScan } from './FolderScan.ts'

const NEWLINE = 10

/** Some records of a batch, in order. */
export interface BatchRows {
  readonly indexes: readonly number[]
  /** Lines of records whose bytes cannot be used as they are, by index. */
  readonly rewritten: ReadonlyMap<number, Uint8Array>
}

interface Growing extends BatchRows {
  readonly indexes: number[]
  readonly rewritten: Map<number, Uint8Array>
}

export interface SortedBatch {
  /** The records of each folder, in the order of their first records. */
  readonly byFolder: ReadonlyMap<string, BatchRows>
  /** The values that are not valid records of the type. */
  readonly failures: readonly Failure[]
}

/** Sorts the records of one type by folder: from their bytes, or decoded where the scan is not certain. */
export class BatchSorter {
  readonly #type: RecordType
  readonly #folders: FolderScan

  constructor(type: RecordType) {
    this.#type = type
    this.#folders = new FolderScan(type)
  }

  sort(batch: EncodedBatch): SortedBatch {
    const failures: Failure[] = []
    const byFolder = new Map<string, Growing>()
    this.#folders.open(batch.bytes)
    const newlines = new Newlines(batch.bytes)
    const { spans } = batch
    let folder: string | undefined
    let rows: Growing | undefined
    for (let index = 0; index < batch.length; index++) {
      const start = spans[2 * index] as number
      const end = spans[2 * index + 1] as number
      let found = this.#folders.folderOf(start, end)
      try {
        found ??= this.#decoded(batch.value(index))
      } catch (error) {
        failures.push({ index, error: toQiError(error) })
        continue
      }
      if (rows === undefined || found !== folder) {
        rows = byFolder.get(found) ?? { indexes: [], rewritten: new Map() }
        byFolder.set(found, rows)
        folder = found
      }
      rows.indexes.push(index)
      if (newlines.between(start, end)) rows.rewritten.set(index, oneLine(this.#type, batch.value(index)))
    }
    return { byFolder, failures }
  }

  #decoded(value: Uint8Array): string {
    const { source, time } = this.#type.decode(value)
    return folderOf(this.#type.name, String(source), time as Micros)
  }
}

/** Finds newlines within records with few searches: most batches have none, or only between their records. */
class Newlines {
  readonly #bytes: Uint8Array
  #next = -1

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** True if there is a newline in the range. Ranges must ascend. */
  between(start: number, end: number): boolean {
    if (this.#next < start) {
      const found = this.#bytes.indexOf(NEWLINE, start)
      this.#next = found < 0 ? Number.POSITIVE_INFINITY : found
    }
    return this.#next < end
  }
}

/** Encodes a record that has newlines as one line. */
const oneLine = (type: RecordType, value: Uint8Array): Uint8Array =>
  Buffer.from(JSON.stringify(type.toWire(type.decode(value), value)))
