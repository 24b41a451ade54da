import { from2000, RecordScan } from '../../database/index.ts'
import type { Micros, RecordType } from '../../types/index.ts'
import { folderOf } from '../names.ts'

const DAY = 86_400_000_000
const MOST_KNOWN = 10_000

/** Finds the folder of records from their bytes. Mostly it is that of the record before, which is the fast path. */
export class FolderScan {
  readonly #type: RecordType
  readonly #scan: RecordScan
  readonly #source: number
  readonly #time: number
  readonly #places: Int32Array
  readonly #known = new Map<string, string>()
  #lastSource = Buffer.alloc(0)
  #lastDay = Number.NaN
  #last = ''

  constructor(type: RecordType) {
    this.#type = type
    this.#scan = new RecordScan(type)
    this.#source = type.fields.findIndex(({ name }) => name === 'source')
    this.#time = type.fields.findIndex(({ name }) => name === 'time')
    this.#places = new Int32Array(Math.max(this.#source, this.#time) + 1)
  }

  /** Sets the bytes to read from. */
  open(bytes: Uint8Array): void {
    this.#scan.open(bytes)
  }

  /** @returns the folder of a valid record; undefined where decoding must decide */
  folderOf(start: number, end: number): string | undefined {
    if (!this.#scan.read(start, end)) return undefined
    this.#scan.locate(this.#places)
    const { view, row } = this.#scan
    const time = (this.#places[this.#time] as number) + 4
    const micros = view.getInt32(time) * 0x1_0000_0000 + view.getUint32(time + 4)
    const day = Math.floor(micros / DAY)
    const source = this.#places[this.#source] as number
    const from = source + 4
    const to = from + view.getInt32(source)
    if (day === this.#lastDay && same(this.#lastSource, row, from, to)) return this.#last
    this.#lastDay = day
    this.#lastSource = Buffer.from(row.subarray(from, to))
    this.#last = this.#find(row.toString('latin1', from, to), day)
    return this.#last
  }

  #find(source: string, day: number): string {
    const key = `${source} ${day}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    const folder = folderOf(this.#type.name, source, from2000(day * DAY) as Micros)
    this.#known.set(key, folder)
    return folder
  }
}

function same(held: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (held.length !== to - from) return false
  for (let i = 0; i < held.length; i++) if (held[i] !== bytes[from + i]) return false
  return true
}
