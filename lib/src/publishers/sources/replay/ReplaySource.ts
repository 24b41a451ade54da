import { type Clock, systemClock } from '../../../base/networking/index.ts'
import {
  type CheckResult,
  countOf,
  type InteractionParser,
  type Logger,
  type Micros,
  QiError,
  type RecordBatch,
  type RecordType,
  recordTypes,
  type Source,
  toQiError,
} from '../../../base/types/index.ts'
import { Batches } from './batches.ts'
import type { ReplayConfig } from './config.ts'
import { csvParser } from './csvRecords.ts'
import { findFiles, formatOf, type ReplayFile, typeOfFile } from './files.ts'
import { FileIdentity } from './identity.ts'
import { interactionsParser } from './interactions.ts'
import { type Line, readLines } from './lines.ts'
import { ndjsonParser } from './ndjson.ts'
import type { LineParser, Parsed } from './parser.ts'

export interface ReplaySourceParts {
  /** Name of the instance. Default replay. */
  readonly name?: string
  readonly config: ReplayConfig
  readonly logger: Logger
  /** Parses recorded HTTP answers; needed only for files of interactions. */
  readonly parser?: InteractionParser | undefined
  readonly clock?: Clock
}

const RECORD_NAME = new RegExp(`^(${Object.keys(recordTypes).join('|')}): `)
/** Most records of one batch. */
const BATCH = 1000
/** Longest kept part of a rejected line; the dead letter cuts it further, and says so. */
const LONGEST_ORIGINAL = 1024 * 1024

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
  readonly #config: ReplayConfig
  readonly #logger: Logger
  readonly #interactions: InteractionParser | undefined
  readonly #clock: Clock
  readonly #closed = new AbortController()
  #position: ReplayPosition | undefined
  /** The recorded time and the clock's time from which the replay is paced. */
  #start: { readonly moment: Micros; readonly at: number } | undefined

  constructor({ name = 'replay', config, logger, parser, clock = systemClock }: ReplaySourceParts) {
    this.name = name
    this.#config = config
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
      yield* this.#lines(file, from, batches)
    } catch (error) {
      // The records before the failure are valid.
      yield* this.#give(file, batches)
      throw error
    }
    yield* this.#give(file, batches)
  }

  async *#lines(file: ReplayFile, from: number, batches: Batches): AsyncGenerator<RecordBatch> {
    const { signal } = this.#closed
    const { parser, identity } = this.#parserOf(file)
    let row = from
    let number = 0
    for await (const lines of readLines(file.path, signal)) {
      for (const line of lines) {
        if (signal.aborted) return
        number = line.number
        if (number <= this.#config.skip_lines) continue
        if (line.problem === undefined) identity.see(line.text)
        if (line.number < from && !parser.wantsHeader?.()) continue
        // A row of CSV may have several lines: the first one counts.
        const begun = parser.unfinished?.()
        if (begun === undefined) row = line.number
        const parsed = this.#parse(
          parser,
          line,
          { name: file.name, row },
          begun === undefined ? line.text : `${begun}\n${line.text}`,
        )
        if (!parsed || line.number < from) continue
        const wait = this.#millisUntil(parsed.moment)
        if (wait > 0) {
          yield* this.#give(file, batches)
          await this.#sleep(wait)
          if (signal.aborted) return
        }
        batches.add(parsed.batches, line.number)
        if (batches.size >= BATCH) yield* this.#give(file, batches)
      }
    }
    if (signal.aborted) return
    if (number <= this.#config.skip_lines) this.#logger.warn({ file: file.name }, `${file.name} holds no line to read`)
    const rest = parser.unfinished?.()
    if (rest !== undefined)
      batches.add([rejection(parser.type, `${file.name}:${row}: a quoted cell is open at the end of the file`, rest)], row)
  }

  *#give(file: ReplayFile, batches: Batches): Generator<RecordBatch> {
    for (const { batch, next } of batches.drain()) {
      this.#position = { file: file.name, line: next }
      yield batch
    }
  }

  /** Parses a line. If it is no record, its row is rejected. */
  #parse(
    parser: LineParser,
    line: Line,
    { name, row: number }: { readonly name: string; readonly row: number },
    row: string,
  ): (Pick<Parsed, 'batches'> & Partial<Parsed>) | undefined {
    const at = `${name}:${number}`
    if (parser.wantsHeader?.() && number === line.number) checkHeader(name, line)
    try {
      if (line.problem) throw new QiError('BAD_DATA', `the line ${line.problem}`)
      return parser.parse(line.text, number)
    } catch (thrown) {
      const error = toQiError(thrown)
      if (error.code !== 'BAD_DATA') throw error
      // The record type at the beginning of the message adds nothing here.
      return { batches: [rejection(parser.type, `${at}: ${error.message.replace(RECORD_NAME, '')}`, row)] }
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

const rejection = (
  type: RecordType = recordTypes.price as unknown as RecordType,
  reason: string,
  original: string,
): RecordBatch => ({
  type,
  records: [],
  rejected: [{ reason, original: original.slice(0, LONGEST_ORIGINAL) }],
})

/** Refuses a header that cannot be parsed: without it no row can be. @throws QiError BAD_DATA naming the line and a remedy */
function checkHeader(file: string, { number, problem, text }: Line): void {
  const remedy =
    problem === 'is not UTF-8'
      ? 'convert the file to UTF-8, such as by iconv -f LATIN1 -t UTF-8'
      : problem !== undefined
        ? 'it should name the columns: is it a CSV file?'
        : undefined
  if (remedy)
    throw new QiError('CONFIG_INVALID', `${file}: line ${number} ${problem}, so that the columns have no names; ${remedy}`)
  if (text.includes('\r'))
    throw new QiError(
      'CONFIG_INVALID',
      `${file}: line ${number} holds bare carriage returns, which end no line here; convert it to line feeds, such as by tr '\\r' '\\n'`,
    )
}
