import { type Clock, systemClock } from '../../../base/networking/index.ts'
import {
  type CheckResult,
  countOf,
  type InteractionParser,
  type Logger,
  type Micros,
  QiError,
  type RecordBatch,
  recordTypes,
  type Source,
  toQiError,
} from '../../../base/types/index.ts'
import { fileBytes, readLines } from '../../files/reading/lines.ts'
import { Batches } from '../../files/rows/batches.ts'
import { csvParser } from '../../files/rows/csvRecords.ts'
import { FileIdentity } from '../../files/rows/identity.ts'
import { ndjsonParser } from '../../files/rows/ndjson.ts'
import type { LineParser } from '../../files/rows/parser.ts'
import { readRows } from '../../files/rows/readRows.ts'
import type { RowSettings } from '../../files/rows/settings.ts'
import { typeOfFile } from '../../files/rows/typeOfFile.ts'
import type { ReplayConfig } from './config.ts'
import { findFiles, formatOf, type ReplayFile } from './files.ts'
import { interactionsParser } from './interactions.ts'

export interface ReplaySourceParts {
  /** Name of the instance. Default replay. */
  readonly name?: string
  readonly config: ReplayConfig
  readonly logger: Logger
  /** Parses recorded HTTP answers; needed only for files of interactions. */
  readonly parser?: InteractionParser | undefined
  readonly clock?: Clock
}

/** Most records of one batch. */
const BATCH = 1000

/** A position in the files: the next line. */
export interface ReplayPosition {
  readonly file: string
  readonly line: number
}

/**
 * Recorded files as a source, in constant memory. Ends with the files. A line that cannot be parsed is rejected with file name and line
 * number. Every record has the origin `replay`.
 */
export class ReplaySource implements Source {
  readonly name: string
  readonly #config: ReplayConfig & RowSettings
  readonly #logger: Logger
  readonly #interactions: InteractionParser | undefined
  readonly #clock: Clock
  readonly #closed = new AbortController()
  #position: ReplayPosition | undefined
  /** The recorded time and the clock's time from which the replay is paced. */
  #start: { readonly moment: Micros; readonly at: number } | undefined

  constructor({ name = 'replay', config, logger, parser, clock = systemClock }: ReplaySourceParts) {
    this.name = name
    this.#config = { ...config, origin: 'replay' }
    this.#logger = logger
    this.#interactions = parser
    this.#clock = clock
  }

  /** The position after everything pulled so far, for the setting `resume`. */
  get position(): ReplayPosition | undefined {
    return this.#position
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    const { signal } = this.#closed
    const resume = this.#resume()
    const files = await findFiles(this.#config)
    const first = resume ? files.findIndex(({ name }) => name === resume.file) : 0
    if (first < 0) throw new QiError('CONFIG_INVALID', `resume: there is no file ${resume?.file} in ${this.#config.path}`)
    for (const [index, file] of files.slice(first).entries()) {
      if (signal.aborted) return
      this.#logger.info({ file: file.name, bytes: file.bytes }, `replaying ${file.name}`)
      yield* this.#file(file, index === 0 ? (resume?.line ?? 1) : 1)
    }
  }

  async check(): Promise<CheckResult> {
    try {
      const files = await findFiles(this.#config)
      for (const file of files) this.#parserOf(file)
      return { ok: true, summary: `${countOf(files.length, 'file')}, ${files.reduce((sum, { bytes }) => sum + bytes, 0)} bytes` }
    } catch (thrown) {
      const error = toQiError(thrown)
      return { ok: false, summary: error.message, remedy: 'see its settings path, format and record', error }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async *#file(file: ReplayFile, from: number): AsyncGenerator<RecordBatch> {
    const batches = new Batches()
    try {
      yield* this.#rows(file, from, batches)
    } catch (error) {
      // The records before the failure are valid.
      yield* this.#give(file, batches)
      throw error
    }
    yield* this.#give(file, batches)
  }

  async *#rows(file: ReplayFile, from: number, batches: Batches): AsyncGenerator<RecordBatch> {
    const { signal } = this.#closed
    const { name, path } = file
    const { skip_lines: skip } = this.#config
    const remedy = (line: number) =>
      `the lines before it are imported; to resume there once the file is complete, set resume: ${name}:${line}`
    const lines = readLines({ name, bytes: fileBytes(path, signal), remedy }, signal)
    let holdsNone = true
    for await (const rows of readRows({ name, lines, ...this.#parserOf(file), skip, from, signal })) {
      holdsNone = false
      for (const { line, batches: read, moment } of rows) {
        if (signal.aborted) return
        const wait = this.#millisUntil(moment)
        if (wait > 0) {
          yield* this.#give(file, batches)
          await this.#sleep(wait)
          if (signal.aborted) return
        }
        batches.add(read, line)
        if (batches.size >= BATCH) yield* this.#give(file, batches)
      }
    }
    if (holdsNone && !signal.aborted) this.#logger.warn({ file: name }, `${name} holds no line to read`)
  }

  *#give(file: ReplayFile, batches: Batches): Generator<RecordBatch> {
    for (const { batch, next } of batches.drain()) {
      this.#position = { file: file.name, line: next }
      yield batch
    }
  }

  #parserOf({ name }: ReplayFile): { readonly parser: LineParser; readonly identity: FileIdentity } {
    const format = formatOf(name, this.#config)
    const identity = new FileIdentity(name, format === 'csv' && this.#config.header ? 2 : 1)
    return { parser: this.#parser(name, format, identity), identity }
  }

  #parser(name: string, format: ReturnType<typeof formatOf>, identity: FileIdentity): LineParser {
    const type = typeOfFile(name, this.#config)
    if (format === 'ndjson') return ndjsonParser(identity, name, type, this.#config)
    if (format === 'csv') {
      if (!type)
        throw new QiError(
          'CONFIG_INVALID',
          `${name}: the record type cannot be told from its name: set record (${Object.keys(recordTypes).join(', ')})`,
        )
      return csvParser(identity, name, type, this.#config)
    }
    if (!this.#interactions)
      throw new QiError(
        'CONFIG_INVALID',
        `${name}: recorded interactions need the parser of the source that they were recorded from`,
      )
    return interactionsParser(this.#interactions, this.#config)
  }

  #resume(): ReplayPosition | undefined {
    const { resume } = this.#config
    if (resume === undefined) return undefined
    const colon = resume.lastIndexOf(':')
    return { file: resume.slice(0, colon), line: Math.max(1, Number(resume.slice(colon + 1))) }
  }

  /** Milliseconds until a recorded time is due at the speed of the replay; the first is due at once. */
  #millisUntil(moment: Micros | undefined): number {
    const { speed } = this.#config
    if (speed === 0 || moment === undefined) return 0
    this.#start ??= { moment, at: this.#clock.now() }
    return (moment - this.#start.moment) / 1000 / speed - (this.#clock.now() - this.#start.at)
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await this.#clock.sleep(ms, this.#closed.signal)
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error
    }
  }
}
