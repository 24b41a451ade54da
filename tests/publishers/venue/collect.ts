import {
  type Book,
  type SourceContext,
  type SourceDefinition,
  silentLogger,
  type Trade,
} from '../../../lib/src/base/types/index.ts'
import type { FakeVenueProcess } from './fake/index.ts'

/** Records of a source that runs: pulled as the publisher does. */
export interface Running extends AsyncDisposable {
  /** All trades in the order of their arrival. */
  readonly trades: Trade[]
  readonly books: Book[]
  readonly rejected: string[]
  readonly outages: { readonly reason: string; ended: boolean }[]
  readonly source: Awaited<ReturnType<SourceDefinition['open']>>
  /** Stops or continues to pull. */
  pause(): void
  resume(): void
}

export interface RunOptions {
  readonly settings?: Readonly<Record<string, unknown>>
  readonly context?: Partial<SourceContext>
}

/** Settings that point a source at a fake venue. */
export const settingsFor = (type: SourceDefinition, venue: FakeVenueProcess, given: Readonly<Record<string, unknown>> = {}) =>
  type.config.parse({
    rest_url: venue.restUrl,
    ws_url: venue.wsUrl,
    connections_per_minute: 10_000,
    calls_per_minute: 1_000_000,
    retry: { base_ms: 20, max_ms: 200 },
    reconnect: { base_ms: 20, healthy_ms: 0 },
    gb_per_day: 1000,
    ...given,
  })

export async function run(
  type: SourceDefinition,
  venue: FakeVenueProcess,
  { settings, context }: RunOptions = {},
): Promise<Running> {
  const outages: Running['outages'] = []
  const source = await type.open(settingsFor(type, venue, settings), {
    name: 'venue',
    logger: silentLogger,
    outage: (_series, reason) => {
      const outage = { reason, ended: false }
      outages.push(outage)
      return {
        [Symbol.asyncDispose]: async () => {
          outage.ended = true
        },
      }
    },
    ...context,
  })
  const trades: Trade[] = []
  const books: Book[] = []
  const rejected: string[] = []
  let gate: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  const pulled = (async () => {
    for await (const batch of source) {
      if (batch.type.name === 'trade') for (const record of batch.records) trades.push(record as unknown as Trade)
      if (batch.type.name === 'book') for (const record of batch.records) books.push(record as unknown as Book)
      for (const { reason } of batch.rejected ?? []) rejected.push(reason)
      await gate?.promise
    }
  })()
  return {
    trades,
    books,
    rejected,
    outages,
    source,
    pause() {
      gate ??= Promise.withResolvers<void>()
    },
    resume() {
      gate?.resolve()
      gate = undefined
    },
    async [Symbol.asyncDispose]() {
      gate?.resolve()
      gate = undefined
      await source.close()
      await pulled
    },
  }
}
