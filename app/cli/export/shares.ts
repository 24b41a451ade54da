import type { HistoryPiece, RegisteredSeries, StoredHistory } from '../../../lib/src/base/database/index.ts'

/** With more series no share is shown, because listing them would take too long. */
const MOST_SERIES = 10_000

/** Gives the share of a history that is done after a piece, by the time that its series span; undefined with too many series. */
export async function sharesOf(
  history: StoredHistory,
  range: { readonly from: number; readonly to: number },
): Promise<((piece: Pick<HistoryPiece, 'names' | 'time'>) => number) | undefined> {
  const before = new Map<string, { readonly done: number; readonly first: number; readonly length: number }>()
  let total = 0
  for await (const series of history.series()) {
    if (before.size >= MOST_SERIES) return undefined
    const { first, length } = within(series, range)
    before.set(keyOf(Object.values(series.names)), { done: total, first, length })
    total += length
  }
  return ({ names, time }) => {
    const at = before.get(keyOf(names))
    return at === undefined || total === 0 ? 0 : (at.done + Math.min(at.length, Math.max(0, time - at.first))) / total
  }
}

/** The same for a history that is read in the order of time. */
export async function shareOfTime(
  history: StoredHistory,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<(piece: Pick<HistoryPiece, 'time'>) => number> {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for await (const series of history.series()) {
    first = Math.min(first, series.first)
    last = Math.max(last, series.last)
  }
  const [start, end] = [Math.max(first, from), Math.min(last, to)]
  return ({ time }) => Math.min(1, Math.max(0, (time - start) / Math.max(1, end - start)))
}

const keyOf = (names: readonly string[]): string => names.join('\n')

function within({ first, last }: RegisteredSeries, { from, to }: { readonly from: number; readonly to: number }) {
  const start = Math.max(first, from)
  return { first: start, length: Math.max(1, Math.min(last, to) - start) }
}
