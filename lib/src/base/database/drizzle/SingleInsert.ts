import { formatTime, type Micros, type RecordValues } from '../../types/index.ts'
import type { Pool } from '../connections/pool.ts'
import { SeriesNumbers } from '../series/SeriesNumbers.ts'
import { SERIES, type TableSpec } from '../tables/tables.ts'
import { insertOne } from '../upsert/statements.ts'

/** Stores records of one table one by one, under the rule of bulk writes: the greater (is_final, received_at) wins. */
export class SingleInsert {
  readonly #pool: Pool
  readonly #spec: TableSpec
  readonly #numbers: SeriesNumbers | undefined
  readonly #text: string

  constructor(pool: Pool, spec: TableSpec) {
    this.#pool = pool
    this.#spec = spec
    this.#numbers = spec.series && new SeriesNumbers(spec.series)
    this.#text = insertOne(spec)
  }

  async run(record: RecordValues): Promise<void> {
    await this.#numbers?.learnOf(this.#pool, [record])
    const number = this.#numbers?.find(this.#numbers.keyOfRecord(record) ?? '')
    const values = this.#spec.fields.map((field) => {
      if (field === SERIES) return number
      const value = record[field.property]
      return field.kind === 'time' && value !== undefined ? formatTime(value as Micros) : (value ?? null)
    })
    await this.#pool.query({ name: `insert_${this.#spec.name}`, text: this.#text, values })
  }
}
