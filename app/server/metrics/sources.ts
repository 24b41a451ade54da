import { Counter, Gauge, type Registry } from 'prom-client'
import type { SourceFigures } from '../../../lib/src/base/types/index.ts'
import type { ServedPlatform } from '../served.ts'
import { statusOf } from './parts.ts'

/** Figures of the running sources that read sockets. A counter begins again when its source is opened again. */
export function sourceMetrics(register: Registry, platform: ServedPlatform): void {
  const figures = (): readonly (readonly [source: string, figures: SourceFigures])[] =>
    statusOf(platform).publishers.flatMap(({ source, figures: read }) => (read ? [[source, read] as const] : []))
  const gauge = (name: string, help: string, of: (figures: SourceFigures) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['source'] as const,
      registers: [register],
      collect() {
        this.reset()
        for (const [source, read] of figures()) this.set({ source }, of(read))
      },
    })
  const counter = (name: string, help: string, of: (figures: SourceFigures) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['source'] as const,
      registers: [register],
      collect() {
        this.reset()
        for (const [source, read] of figures()) this.inc({ source }, of(read))
      },
    })
  gauge('qicore_source_waiting_records', 'Records that a provider pushed and that are not pulled yet', ({ waiting }) => waiting)
  gauge('qicore_source_paused', '1 while the sockets of a source are paused, because too many records wait', ({ paused }) =>
    Number(paused),
  )
  gauge('qicore_source_sockets', 'Connections of a source whose subscriptions are all answered', ({ sockets }) => sockets)
  gauge('qicore_source_books', 'Order books that a source follows', ({ books }) => books.all)
  gauge('qicore_source_books_verified', 'Order books of a source that are verified and current', ({ books }) => books.live)
  counter('qicore_source_gaps_total', 'Gaps of trades that a source found', ({ gaps }) => gaps)
  counter('qicore_source_filled_trades_total', 'Trades that a source fetched to fill its gaps', ({ filled }) => filled)
  counter('qicore_source_missing_trades_total', 'Trades of gaps that a source did not get', ({ missing }) => missing)
}
