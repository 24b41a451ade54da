import { checkWithin } from '../../../base/networking/index.ts'
import type { CheckResult, PartHealth, Sink } from '../../../base/types/index.ts'
import { STORE } from '../../pipelines/index.ts'
import type { Deliveries } from '../deliveries/Deliveries.ts'

/** A result this recent is used again. */
const FRESH_MS = 10_000
/** Longest that the health waits for checks; a result that comes later shows the next time. */
const WAIT_MS = 1_000
/** An engine or a destination that takes longer to answer its check counts as failed. */
export const CHECK_MS = 10_000

interface Check {
  readonly sink: Sink
  readonly at: number
  readonly done: Promise<void>
  result?: CheckResult
}

/** Checks open destinations in the background, so that a slow one delays nobody. The store is checked by the platform itself. */
export class DestinationChecks {
  readonly #deliveries: Deliveries
  /** By part: the last check. */
  readonly #checks = new Map<string, Check>()

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries
  }

  /** The health of the deliveries whose destination reports a problem, by part. */
  async check(): Promise<ReadonlyMap<string, Omit<PartHealth, 'since'>>> {
    const open = this.#deliveries
      .sinks()
      .flatMap((one) => (one.sink && one.destination !== STORE ? [{ ...one, sink: one.sink }] : []))
    const checks = open.map(({ part, destination, sink }) => ({
      part,
      destination,
      check: this.#checkOf(part, destination, sink),
    }))
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, WAIT_MS)
    await Promise.race([Promise.all(checks.map(({ check }) => check.done)), late.promise])
    clearTimeout(timer)
    return new Map(
      checks.flatMap(({ part, destination, check: { result } }) =>
        result && !result.ok ? [[part, unwell(part, destination, result)] as const] : [],
      ),
    )
  }

  /** The last check of a sink while it runs or is fresh, else a new one. */
  #checkOf(part: string, destination: string, sink: Sink): Check {
    const known = this.#checks.get(part)
    if (known?.sink === sink && (!known.result || Date.now() - known.at < FRESH_MS)) return known
    const check: Check = {
      sink,
      at: Date.now(),
      done: checkWithin(CHECK_MS, `destination ${destination}`, () => sink.check()).then((result) => {
        check.result = result
      }),
      // The last result holds until the new one is there.
      ...(known?.sink === sink && known.result && { result: known.result }),
    }
    this.#checks.set(part, check)
    return check
  }
}

const unwell = (name: string, destination: string, { summary, error, remedy }: CheckResult): Omit<PartHealth, 'since'> => ({
  name,
  status: 'degraded',
  summary: `destination ${destination}: ${summary}`,
  ...(error && { code: error.code }),
  action: ['it is checked again; records wait for it in the stream', remedy].filter(Boolean).join('; '),
})
