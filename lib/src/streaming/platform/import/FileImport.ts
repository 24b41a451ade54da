import type { Coverage, Store } from '../../../base/database/index.ts'
import { type Logger, QiError, toQiError } from '../../../base/types/index.ts'
import {
  type FormatContext,
  fileFormats,
  findInputs,
  type InputFile,
  Instruments,
  type Member,
  openInput,
  quoteOf,
  verifyChecksum,
} from '../../../publishers/index.ts'
import { Storing, type StoringHost } from '../backfill/stored.ts'
import { ImportState } from './ImportState.ts'
import { listedInstruments } from './listedInstruments.ts'
import { MemberImport } from './MemberImport.ts'
import type { ImportFailure, ImportProgress, ImportRequest, ImportResult } from './request.ts'
import { Tally } from './Tally.ts'
import { TradeIds } from './TradeIds.ts'

/** The parts of a platform that an import uses. */
export interface ImportHost extends StoringHost {
  readonly store: Pick<Store, 'pool' | 'clock' | 'calendars'>
  readonly coverage: Coverage
  /** True for the sources of the configuration. */
  isSource(name: string): boolean
  /** Records added to the store by this process, and those whose key was stored already. */
  counts(): { readonly written: number; readonly overwritten: number }
  close(): Promise<void>
}

export interface ImportRunOptions {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  /** Called once for each file that cannot be imported, or only in part. */
  readonly onFailure?: (failure: ImportFailure) => void
}

/** Codes that concern one file: the others go on. */
const OF_ONE_FILE = new Set(['BAD_DATA', 'BAD_REQUEST', 'CONFIG_INVALID', 'CONFLICT', 'FORBIDDEN', 'NOT_FOUND', 'UNSUPPORTED'])
/** Most failures that a result lists. */
const MOST_LISTED = 1000

/**
 * Imports files on the way of all records: reader → publisher → stream → consumers → store. Memory does not depend on their size. How far
 * each file was imported is kept in the store, so that a killed import goes on from there.
 */
export class FileImport implements AsyncDisposable {
  readonly #host: ImportHost
  readonly #logger: Logger
  readonly #storing: Storing

  constructor(host: ImportHost, logger: Logger) {
    this.#host = host
    this.#logger = logger
    this.#storing = new Storing(host)
  }

  get store(): Pick<Store, 'pool'> {
    return this.#host.store
  }

  /**
   * Imports the files of a request. A file that cannot be imported is among the failures, and costs none of the others.
   * @throws QiError NOT_FOUND or BAD_REQUEST for paths; the errors of stream and store. After an abort it returns once all that was read
   * is stored
   */
  async run(
    request: ImportRequest,
    { signal, onProgress = () => {}, onFailure = () => {} }: ImportRunOptions,
  ): Promise<ImportResult> {
    const { store, coverage } = this.#host
    const files = await findInputs(request.paths)
    const format = fileFormats[request.format]
    const accepted = files.filter(({ name }) => /\.zip$/i.test(name) || format.accepts(name.replace(/\.gz$/i, '')))
    if (accepted.length === 0)
      throw new QiError(
        'NOT_FOUND',
        `path: none of ${files.length} files has a name of ${format.name}: ${files[0]?.name ?? ''} …`,
        {
          field: 'path',
        },
      )
    const state = await ImportState.open(store.pool)
    const tally = new Tally(
      accepted.length,
      accepted.reduce((sum, { bytes }) => sum + bytes, 0),
    )
    const context = this.#context(request, signal)
    const tradeIds = new TradeIds(store.pool, (name) => this.#host.isSource(name))
    const failures: ImportFailure[] = []
    let failed = 0
    const { stream } = this.#host
    const shared = {
      store,
      coverage,
      stream,
      storing: this.#storing,
      logger: this.#logger,
      request,
      context,
      tradeIds,
      onProgress,
    }
    if (!request.dryRun) await this.#storing.consume()
    const before = this.#host.counts()
    for (const file of accepted) {
      if (signal.aborted) break
      const { name, bytes } = file
      tally.begin(name)
      const members = new MemberImport(file, { ...shared, state, tally })
      try {
        await this.#file(file, request, members, signal)
      } catch (thrown) {
        const error = toQiError(thrown)
        if (!OF_ONE_FILE.has(error.code)) throw error
        if (request.only && error.field === 'symbol') continue
        failed++
        if (failures.length < MOST_LISTED) failures.push({ file: name, error })
        onFailure({ file: name, error })
      }
      tally.end(bytes)
      onProgress(tally.progress)
    }
    if (!request.dryRun) {
      const source = request.source ?? format.source
      if (source !== undefined && format.traits) await coverage.introduce(source, format.traits)
      await coverage.refresh({})
    }
    const { written, overwritten } = this.#host.counts()
    const here = this.#storing.here
    const { read, published, refused, unchanged } = tally
    return {
      ...{ files: tally.files, unchanged, read, published, refused, failures, failed },
      stored: here ? written - before.written : undefined,
      overwritten: here ? overwritten - before.overwritten : undefined,
    }
  }

  async close(): Promise<void> {
    await this.#storing.close()
    await this.#host.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #context({ source, coin, symbols = {}, currency, rows, until, coins }: ImportRequest, signal: AbortSignal): FormatContext {
    const { pool } = this.#host.store
    const instruments = new Instruments({ coin, symbols, currency, listed: (of) => listedInstruments(pool, of, coins) })
    const quote = coin === undefined ? undefined : quoteOf(coin)
    const named = { source, coin_id: coin, currency: currency ?? quote }
    const fields = Object.fromEntries(
      Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
    return {
      source,
      instrument: (of, symbol, market) => instruments.find(of, symbol, market),
      settings: { ...rows, constants: { ...fields, ...rows.constants }, origin: 'backfill' },
      until,
      signal,
    }
  }

  /** Imports the members of a file, one after the other. @throws QiError of the first that fails, after the others are done */
  async #file(file: InputFile, request: ImportRequest, members: MemberImport, signal: AbortSignal): Promise<void> {
    const format = fileFormats[request.format]
    await using input = await openInput(file)
    const accepted = input.members.filter(({ name }) => format.accepts(name))
    if (accepted.length === 0)
      throw new QiError('UNSUPPORTED', `${file.name} holds no file with a name of ${format.name}${holds(input.members)}`)
    if (await members.isFinished()) return
    if (!request.force) await verifyChecksum(file, signal)
    let failure: unknown
    for (const member of accepted) {
      if (signal.aborted) return
      try {
        await members.import(member)
      } catch (error) {
        if (!OF_ONE_FILE.has(toQiError(error).code)) throw error
        failure ??= error
      }
    }
    if (failure) throw failure
    if (!signal.aborted) await members.finish()
  }
}

const holds = (members: readonly Member[]): string => (members[0] ? `, but ${members[0].inside || members[0].name}` : '')
