import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { defineSink, type RowSink } from '../../../lib/src/base/types/index.ts'

/** A row sink that appends a line a record, with an id that a repeat does not change. */
export const ndjson = defineSink({
  name: 'ndjson',
  summary: 'Appends records to a file, a line each',
  config: z.object({ file: z.string().min(1).describe('the file; a relative one lies in the data folder') }),
  open: async ({ file }, { name, home }): Promise<RowSink> => {
    const path = isAbsolute(file) ? file : join(home, file)
    await mkdir(dirname(path), { recursive: true })
    return new NdjsonSink(name, await open(path, 'a'))
  },
})

class NdjsonSink implements RowSink {
  readonly name: string
  readonly guarantee = 'at_least_once'
  readonly #file: FileHandle
  #closed: Promise<void> | undefined

  constructor(name: string, file: FileHandle) {
    this.name = name
    this.#file = file
  }

  accepts: RowSink['accepts'] = () => true

  write: RowSink['write'] = async (type, records, { placeOf } = {}) => {
    const lines = records.map((record, index) => {
      const place = placeOf?.(index)
      const id = place ? `${place.topic}/${place.partition}/${place.offset}` : null
      return `${JSON.stringify({ id, type: type.name, record: type.toWire(record) })}\n`
    })
    await this.#file.appendFile(lines.join(''))
    await this.#file.datasync()
    return { written: records.length, failed: [] }
  }

  check: RowSink['check'] = async () => {
    await this.#file.datasync()
    return { ok: true, summary: 'the file can be written' }
  }

  close(): Promise<void> {
    this.#closed ??= this.#file.close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
