/**
 * Columns that order the rows of one series within one moment: the venue's sequence, else the order of arrival. Ids come last, shorter ones
 * first so that 99 sorts before 100; they decide only between rows received in the same microsecond.
 */
const WITHIN_MOMENT = {
  trades: ['sequence', 'received_at', 'length(trade_id)', 'trade_id'],
  quotes: ['sequence'],
  books: ['sequence'],
} as const

export type OrderedTable = keyof typeof WITHIN_MOMENT

/** SQL terms that order the rows of one series as the market made them. @param alias of the table in the statement */
export function marketOrder(table: string, alias?: string): readonly string[] {
  const within: readonly string[] = WITHIN_MOMENT[table as OrderedTable] ?? []
  const named = (term: string) => (alias === undefined ? term : term.replace(/(\w+)(?=\)|$)/, `${alias}.$1`))
  return ['time', ...within].map(named)
}

/** The same, the newest row first. */
export const newestFirst = (table: string, alias?: string): string =>
  marketOrder(table, alias)
    .map((term) => `${term} desc`)
    .join(', ')
