import type { Coverage, Store } from '../../../base/database/index.ts'
import type { Logger, Stream } from '../../../base/types/index.ts'
import {
  CryptoDataPublisher,
  type FormatContext,
  fileFormats,
  type Gathered,
  type InputFile,
  type Member,
} from '../../../publishers/index.ts'
import type { Storing } from '../backfill/stored.ts'
import { filtered, tried } from './batches.ts'
import { HeldSpan } from './HeldSpan.ts'
import { ImportState, type MemberState } from './ImportState.ts'
import { PieceSource } from './PieceSource.ts'
import type { ImportProgress, ImportRequest } from './request.ts'
import type { Tally } from './Tally.ts'
import type { TradeIds } from './TradeIds.ts'

export interface MemberImportParts {
  readonly store: Pick<Store, 'pool' | 'clock' | 'calendars'>
  readonly coverage: Coverage
  readonly stream: Stream
  readonly storing: Storing
  readonly logger: Logger
  readonly request: ImportRequest
  readonly context: FormatContext
  readonly state: ImportState
  readonly tally: Tally
  readonly tradeIds: TradeIds
  readonly onProgress: (progress: ImportProgress) => void
}

/** Rows that are published before the place is kept. One piece is stored while the next one is published. */
const PIECE_ROWS = 50_000
/** Stands for all members of a file. */
const WHOLE = '*'

/** A published piece of a member. */
interface Piece {
  /** The first row after it. */
  readonly next: number
  /** True if the member has no more rows. */
  readonly ended: boolean
  readonly topics: ReadonlySet<string>
  readonly hold: () => Promise<void>
  /** The error of the reader after the piece. */
  readonly failure?: unknown
}

/** Imports the members of one file: published piece by piece, each noted once it is stored. */
export class MemberImport {
  readonly #parts: MemberImportParts
  readonly #file: InputFile
  readonly #id: string
  #done: ReadonlyMap<string, MemberState> = new Map()

  constructor(file: InputFile, parts: MemberImportParts) {
    const { paths: _paths, force: _force, again: _again, dryRun: _dryRun, only, ...settings } = parts.request
    this.#parts = parts
    this.#file = file
    this.#id = ImportState.idOf(file, [settings, only?.from, only?.to])
  }

  /** Reads how far the file was imported. @returns true if all of it was */
  async isFinished(): Promise<boolean> {
    const { request, state, tally } = this.#parts
    if (request.dryRun || request.again) return false
    this.#done = await state.of(this.#id)
    const finished = this.#done.get(WHOLE)?.finished ?? false
    if (finished) tally.unchanged++
    return finished
  }

  /** Notes that all members are imported. */
  async finish(): Promise<void> {
    const { request, state } = this.#parts
    if (!request.dryRun && !request.only) await state.save(this.#id, this.#file.path, WHOLE, { next: 1, finished: true })
  }

  /** @throws QiError that refuses the member, or of its broken archive once the readable part is stored */
  async import(member: Member): Promise<void> {
    const { request, context, coverage } = this.#parts
    const key = member.inside || '.'
    const { next = 1, finished = false } = this.#done.get(key) ?? {}
    if (finished) return
    const reader = await fileFormats[request.format].open(this.#counted(member), context)
    const { only } = request
    if (only && reader.type && reader.series && !only.member(reader.type.name, reader.series)) return
    const held = HeldSpan.of(coverage, reader)
    const rows = reader.rows(next)[Symbol.asyncIterator]()
    let storing = Promise.resolve()
    try {
      for (let from = next; ; ) {
        const piece = await this.#publish(rows, from, held)
        await storing
        storing = this.#stored(key, piece)
        // Awaited below.
        storing.catch(() => {})
        if (piece.failure) throw piece.failure
        if (piece.ended || context.signal.aborted) break
        from = piece.next
      }
    } finally {
      await rows.return?.()
      await storing
    }
  }

  async #publish(rows: AsyncIterator<Gathered>, from: number, held: HeldSpan | undefined): Promise<Piece> {
    const { request, context, tally, tradeIds, onProgress, store } = this.#parts
    const topics = new Set<string>()
    const source = new PieceSource(this.#file.name, rows, PIECE_ROWS, async (given) => {
      const batch = request.only ? filtered(given, request.only) : given
      if (!request.dryRun) await tradeIds.check(batch)
      topics.add(batch.type.topic)
      held?.add(batch)
      tally.read += batch.records.length + (batch.rejected?.length ?? 0)
      onProgress(tally.progress)
      return batch
    })
    let failure: unknown
    let refused = 0
    if (request.dryRun)
      for await (const batch of source) {
        const counted = tried(batch, store.clock.now(), store.calendars)
        tally.published += counted.taken
        tally.refused += counted.refused
      }
    else {
      const { stream, logger } = this.#parts
      const publisher = new CryptoDataPublisher({ source, stream, logger, now: store.clock.now, calendars: store.calendars })
      try {
        await publisher.run(context.signal)
      } catch (error) {
        if (publisher.refusedByStream) throw error
        failure = error
      }
      const stats = publisher.stats()
      tally.published += stats.published
      tally.refused += stats.invalid
      refused = stats.invalid
    }
    const { next = from, ended } = source
    const hold = held?.end(refused === 0) ?? (async () => {})
    return { next, ended: ended && !context.signal.aborted, topics, hold, ...(failure !== undefined && { failure }) }
  }

  /** Waits until a piece is stored, and keeps its end. */
  async #stored(key: string, { next, ended, topics, hold }: Piece): Promise<void> {
    const { request, storing, state } = this.#parts
    if (request.dryRun) return
    for (const topic of topics) await storing.untilStored(topic)
    await hold()
    if (!request.only) await state.save(this.#id, this.#file.path, key, { next, finished: ended })
  }

  /** The member, with its bytes counted as they are read. */
  #counted(member: Member): Member {
    const { tally } = this.#parts
    const { file, size } = member
    return {
      ...member,
      bytes: async function* (signal) {
        let read = 0
        for await (const chunk of member.bytes(signal)) {
          read += chunk.length
          tally.at(file.bytes, size === 0 ? 1 : read / size)
          yield chunk
        }
      },
    }
  }
}
