import { type CheckResult, checkWithin, type PartHealth, type Sink } from '../../base/index.ts'
import { STORE } from '../pipelines/index.ts'
import type { Deliveries } from './Deliveries.ts'

/** How old a finding may be before a destination is asked anew, in milliseconds. */
const FRESH_MS = 10_000
/** How long the health waits for the findings; what is not there by then is seen the next time. */
const PATIENCE_MS = 1_000
/** A destination that takes longer to answer is unwell, whatever it says in the end. */
const CHECK_MS = 10_000

interface Checked {
  readonly sink: Sink
  readonly at: number
  readonly done: Promise<void>
  found?: CheckResult
}

/** Asks open destinations how they are, without holding up anybody. The store is asked by the platform itself. */
export class DestinationChecks {
  readonly #deliveries: Deliveries
  readonly #checked = new Map<string, Checked>()

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries
  }

  /** The health of the deliveries whose destination says that it is unwell, by part. */
  async look(): Promise<ReadonlyMap<string, Omit<PartHealth, 'since'>>> {
    const open = this.#deliveries
      .sinks()
      .flatMap((one) => (one.sink && one.destination !== STORE ? [{ ...one, sink: one.sink }] : []))
    const checks = open.map(({ part, destination, sink }) => ({ part, destination, check: this.#check(part, destination, sink) }))
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, PATIENCE_MS)
    await Promise.race([Promise.all(checks.map(({ check }) => check.done)), late.promise])
    clearTimeout(timer)
    return new Map(
      checks.flatMap(({ part, destination, check: { found } }) =>
        found && !found.ok ? [[part, unwell(part, destination, found)] as const] : [],
      ),
    )
  }

  #check(part: string, destination: string, sink: Sink): Checked {
    const known = this.#checked.get(part)
    if (known?.sink === sink && (!known.found || Date.now() - known.at < FRESH_MS)) return known
    const check: Checked = {
      sink,
      at: Date.now(),
      done: checkWithin(CHECK_MS, `destination ${destination}`, () => sink.check()).then((found) => {
        check.found = found
      }),
      // Until it has answered anew, it is what it was.
      ...(known?.sink === sink && known.found && { found: known.found }),
    }
    this.#checked.set(part, check)
    return check
  }
}

const unwell = (name: string, destination: string, { summary, error, remedy }: CheckResult): Omit<PartHealth, 'since'> => ({
  name,
  status: 'degraded',
  summary: `destination ${destination}: ${summary}`,
  ...(error && { code: error.code }),
  action: ['it is asked again; records wait for it in the stream', remedy].filter(Boolean).join('; '),
})
