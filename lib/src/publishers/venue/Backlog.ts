import type { RecordBatch, RecordType, RecordValues, Rejected } from '../../base/types/index.ts'

export interface BacklogLimits {
  readonly records: number
  /** Characters of rejected texts. */
  readonly bytes: number
}

export const BACKLOG_LIMITS: BacklogLimits = { records: 20_000, bytes: 16 * 2 ** 20 }

/** Most records of one batch: a batch is encoded in one turn of the event loop. */
const MOST_OF_A_BATCH = 2000

interface Waiting {
  readonly type: RecordType
  records: RecordValues[]
  rejected: Rejected[]
  bytes: number
}

/**
 * Records that came and were not pulled yet, in the order of each type. It never drops and never refuses: whoever fills it stops at
 * `full` (sockets are paused, REST pages wait) and goes on when there is room.
 */
export class Backlog {
  readonly #limits: BacklogLimits
  readonly #onFull: () => void
  readonly #onRoom: () => void
  /** By type; the first is pulled next. */
  readonly #waiting = new Map<RecordType, Waiting>()
  #records = 0
  #bytes = 0
  #full = false
  #closed = false
  #wakePull: () => void = () => {}
  #wakePush: (() => void)[] = []

  constructor(onFull: () => void, onRoom: () => void, limits: BacklogLimits = BACKLOG_LIMITS) {
    this.#onFull = onFull
    this.#onRoom = onRoom
    this.#limits = limits
  }

  get records(): number {
    return this.#records
  }

  get full(): boolean {
    return this.#full
  }

  push<R extends RecordValues>(type: RecordType<R>, records: readonly R[], rejected: readonly Rejected[] = []): void {
    if (this.#closed || records.length + rejected.length === 0) return
    let waiting = this.#waiting.get(type as unknown as RecordType)
    if (!waiting) {
      waiting = { type: type as unknown as RecordType, records: [], rejected: [], bytes: 0 }
      this.#waiting.set(waiting.type, waiting)
    }
    for (const record of records) waiting.records.push(record)
    for (const one of rejected) {
      waiting.rejected.push(one)
      waiting.bytes += one.original.length
      this.#bytes += one.original.length
    }
    this.#records += records.length + rejected.length
    if (!this.#full && (this.#records >= this.#limits.records || this.#bytes >= this.#limits.bytes)) {
      this.#full = true
      this.#onFull()
    }
    this.#wakePull()
  }

  /** The next batch; undefined once it is closed. Called by one reader. */
  async pull(): Promise<RecordBatch | undefined> {
    for (;;) {
      if (this.#closed) return undefined
      const [next] = this.#waiting.values()
      if (next) return this.#take(next)
      await new Promise<void>((resolve) => {
        this.#wakePull = resolve
      })
    }
  }

  /** Returns once there is room, or it is closed. */
  async room(): Promise<void> {
    while (this.#full && !this.#closed)
      await new Promise<void>((resolve) => {
        this.#wakePush.push(resolve)
      })
  }

  /** Takes and gives nothing more: what waits is fetched again at the next start, as far as the venue gives it. */
  close(): void {
    this.#closed = true
    this.#wakePull()
    this.#wakeAll()
  }

  #take(next: Waiting): RecordBatch {
    const { type, records, rejected, bytes } = next
    this.#waiting.delete(type)
    const rest = records.length > MOST_OF_A_BATCH ? records.splice(MOST_OF_A_BATCH) : []
    // Behind the other types: one that comes fast must not keep them waiting.
    if (rest.length > 0) this.#waiting.set(type, { type, records: rest, rejected: [], bytes: 0 })
    this.#records -= records.length + rejected.length
    this.#bytes -= bytes
    if (this.#full && this.#records <= this.#limits.records / 2 && this.#bytes <= this.#limits.bytes / 2) {
      this.#full = false
      this.#onRoom()
      this.#wakeAll()
    }
    return { type, records, ...(rejected.length > 0 && { rejected }) }
  }

  #wakeAll(): void {
    for (const wake of this.#wakePush.splice(0)) wake()
  }
}
