import { type Logger, type Micros, type RecordValues, type SourceContext, toQiError } from '../../../../base/types/index.ts'
import type { Parsed, Seen } from '../../shared/collect.ts'
import type { CcxtClient } from '../CcxtClient.ts'
import type { CcxtConfig } from '../config.ts'
import type { CcxtMarket } from '../library.ts'
import type { Warnings } from '../Warnings.ts'

/** The parts that all jobs of one source share. */
export interface Polling {
  readonly client: CcxtClient
  readonly settings: CcxtConfig
  readonly source: string
  readonly warnings: Warnings
  readonly logger: Logger
  readonly outage: SourceContext['outage']
}

/** The markets of the settings that the exchange has; none before its list was fetched. */
export const followed = ({ client, settings }: Polling): readonly CcxtMarket[] =>
  settings.symbols.flatMap((symbol) => client.market(symbol) ?? [])

export const liveFrom = ({ source }: Polling, receivedAt: Micros): Seen => ({ source, receivedAt, origin: 'live' })

/** The batch of a call about one symbol; empty, with a warning, if the exchange does not know the symbol: the others go on. */
export async function unlessUnknown<R extends RecordValues>(
  { warnings }: Polling,
  subject: string,
  empty: Parsed<R>,
  call: () => Promise<Parsed<R>>,
): Promise<Parsed<R>> {
  try {
    const batch = await call()
    warnings.remove(subject)
    return batch
  } catch (thrown) {
    const { code, message } = toQiError(thrown)
    if (code !== 'NOT_FOUND' && code !== 'UNSUPPORTED') throw thrown
    warnings.add(subject, `${message}; the others go on`)
    return empty
  }
}

/** Leaves out refusals that the poll before had too: an exchange shows its latest records again and again. */
export class RefusedOnce {
  #told: ReadonlySet<string> = new Set()

  sift<R extends RecordValues>(batch: Parsed<R>): Parsed<R> {
    const rejected = batch.rejected.filter(({ original }) => !this.#told.has(original))
    this.#told = new Set(batch.rejected.map(({ original }) => original))
    return { ...batch, rejected }
  }
}
