import {
  type CheckResult,
  type Clock,
  countOf,
  type InteractionParser,
  type Logger,
  type Micros,
  QiError,
  type RecordBatch,
  type RecordType,
  recordTypes,
  type Source,
  systemClock,
  toQiError,
} from '../../../base/index.ts'
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
  /** That of the instance. Default replay. */
  readonly name?: string
  readonly config: ReplayConfig
  readonly logger: Logger
  /** Reads recorded HTTP answers; needed for files of interactions alone. */
  readonly parser?: InteractionParser | undefined
  readonly clock?: Clock
}

const RECORD_NAME = new RegExp(`^(${Object.keys(recordTypes).join('|')}): `)
/** Most records of one batch. */
const BATCH = 1000
/** Of a line that is rejected; the dead letter cuts it further, and says so. */
const LONGEST_ORIGINAL = 1024 * 1024

/** A place in the files: the line to be read next. */
export interface ReplayPosition {
  readonly file: string
  readonly line: number
}

/**
 * Recorded files as a source, in constant memory; ends when the files end. What cannot be read is rejected under the name of its
 * file and the number of its line. Every record says that it is replayed.
 */
export class ReplaySource implements Source {
  readonly name: string
  readonly #config: ReplayConfig
  readonly #logger: Logger
  readonly #interactions: InteractionParser | undefined
  readonly #clock: Clock
  readonly #closed = new AbortController()
  #position: ReplayPosition | undefined
  /** The recorded moment, and the time of the clock, that the replay is paced from. */
  #start: { readonly moment: Micros; readonly at: number } | undefined

  constructor({ name = 'replay', config, logger, parser, clock = systemClock }: ReplaySourceParts) {
    this.name = name
    this.#config = config
    this.#logger = logger
    this.#interactions = parser
    this.#clock = clock
  }

  /** Where to go on, with the setting `resume`, after what was pulled until now. */
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
      // The records before the failure are as good as any.
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
        // A row of CSV may go on over lines: it is known by its first.
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

  /** What a line holds; what is no record becomes a rejection of the text of its row. */
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
      // The record's own name for itself adds nothing here.
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
          `${name}: its name does not tell what its rows are: set record (${Object.keys(recordTypes).join(', ')})`,
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

  /** How long until a recorded moment comes at the speed of the replay; the first comes at once. */
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

/** A header that cannot be read leaves nothing to read the rows by. @throws QiError BAD_DATA naming the line and a remedy */
function checkHeader(file: string, { number, problem, text }: Line): void {
  const remedy =
    problem === 'is not UTF-8'
      ? 'write the file anew as UTF-8, such as by iconv -f LATIN1 -t UTF-8'
      : problem !== undefined
        ? 'it should name the columns: is it a CSV file?'
        : undefined
  if (remedy)
    throw new QiError('CONFIG_INVALID', `${file}: line ${number} ${problem}, so that the columns have no names; ${remedy}`)
  if (text.includes('\r'))
    throw new QiError(
      'CONFIG_INVALID',
      `${file}: line ${number} holds bare carriage returns, which end no line here; write the file anew with line feeds, such as by tr '\\r' '\\n'`,
    )
}
