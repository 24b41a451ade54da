import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BookFollower, type BookLevel, type BookMessage, binanceBook } from '../lib/src/publishers/index.ts'

export interface BookFigures {
  readonly deltas: number
  /** Level changes of a delta, mean. */
  readonly changes: number
  /** CPU microseconds of a delta: the fastest round. */
  readonly microsPerDelta: number
  /** CPU microseconds of the best 20 levels of both sides, as texts. */
  readonly microsPerTop: number
  /** Heap of a book of at most 1000 levels a side, after its first thousand deltas. */
  readonly bytesPerBook: number
}

const MAX_LEVELS = 1000
const COPIES = 20

/**
 * Follows the depth messages of one instrument as Binance sends them: a REST snapshot among `depthUpdate` frames of a combined stream.
 * @param frames texts in the order of their arrival; others are passed over
 */
export function measureBooks(frames: readonly string[], rounds = 20): BookFigures {
  const messages = frames.flatMap(messageOf)
  const snapshot = messages.find(({ kind }) => kind === 'snapshot')
  if (!snapshot) throw new Error('frames: no snapshot among them; record the REST answer too')
  const deltas = messages.filter(({ kind, last }) => kind === 'delta' && Number(last) > Number(snapshot.last))

  const times = Array.from({ length: rounds }, () => {
    const follower = followerAt(snapshot)
    return cpuMicros(() => {
      for (const delta of deltas) follower.follow(delta)
    })
  })
  const { book } = followerAt(snapshot)
  const tops = cpuMicros(() => {
    for (let i = 0; i < deltas.length; i++) book.top(20)
  })
  return {
    deltas: deltas.length,
    changes: deltas.reduce((sum, { bids, asks }) => sum + bids.length + asks.length, 0) / deltas.length,
    microsPerDelta: Math.min(...times) / deltas.length,
    microsPerTop: tops / deltas.length,
    bytesPerBook: bytesOfBook(frames),
  }
}

/** A follower with the snapshot taken for the whole book, so that it stays live to the end of a capture that has only one. */
function followerAt(snapshot: BookMessage): BookFollower {
  const { limit: _, ...whole } = snapshot
  const follower = new BookFollower({ protocol: binanceBook, maxLevels: 5 * MAX_LEVELS })
  follower.follow(whole)
  return follower
}

/** Each copy is parsed from the frames: texts that copies share would count once. */
function bytesOfBook(frames: readonly string[]): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const first = frames.filter((frame) => messageOf(frame).length > 0).slice(0, 1000)
  const before = used()
  const followers = Array.from({ length: COPIES }, () => {
    const follower = new BookFollower({ protocol: binanceBook, maxLevels: MAX_LEVELS })
    for (const frame of first) for (const message of messageOf(frame)) follower.follow(message)
    return follower
  })
  const bytes = (used() - before) / followers.length
  if (followers.some(({ state }) => state !== 'live')) throw new Error('frames: the book broke within the first thousand deltas')
  return bytes
}

type Side = readonly BookLevel[]

function messageOf(frame: string): BookMessage[] {
  if (frame.startsWith('{"lastUpdateId"')) {
    const { lastUpdateId, bids, asks } = JSON.parse(frame) as { lastUpdateId: number; bids: Side; asks: Side }
    return [{ kind: 'snapshot', last: lastUpdateId, limit: bids.length, bids, asks }]
  }
  if (!frame.includes('"depthUpdate"')) return []
  const { data } = JSON.parse(frame) as { data: { U: number; u: number; b: Side; a: Side } }
  return [{ kind: 'delta', first: data.U, last: data.u, bids: data.b, asks: data.a }]
}

function cpuMicros(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
