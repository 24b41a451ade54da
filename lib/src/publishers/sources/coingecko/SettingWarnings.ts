import { countOf, type Logger, type RecordBatch, type SettingWarning } from '../../../base/types/index.ts'
import type { Parsed } from '../shared/collect.ts'

/** Coins and currencies of the settings that CoinGecko does not have. Each is logged once, and again when it appears or its reason changes. */
export class SettingWarnings {
  readonly #logger: Logger
  readonly #current = new Map<string, SettingWarning>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get current(): readonly SettingWarning[] {
    return [...this.#current.values()]
  }

  /** Notes the unknown names in an answer. @returns the batch without the refusals that are caused by settings */
  sift({ type, records, rejected }: Parsed): RecordBatch {
    if (this.#current.size > 0) this.#clear(type.name, records)
    for (const { asked, reason } of rejected) if (asked !== undefined) this.#warn(asked, reason)
    return { type, records, rejected: rejected.filter(({ asked }) => asked === undefined) }
  }

  #warn(subject: string, reason: string): void {
    const message = `${reason}; correct or remove it under coingecko in qicore.yaml, the others go on`
    if (this.#current.get(subject)?.message === message) return
    this.#current.set(subject, { subject, message, since: Date.now() })
    this.#logger.warn({ subject }, message)
  }

  /** Removes the warnings about names of which a record has come. */
  #clear(type: string, records: Parsed['records']): void {
    const back: string[] = []
    for (const { coinId, currency } of records)
      for (const subject of subjectsOf(type, String(coinId), String(currency)))
        if (this.#current.delete(subject)) back.push(subject)
    if (back.length > 0)
      this.#logger.info(
        { subjects: back },
        `CoinGecko has ${back.slice(0, 5).join(', ')} now${back.length > 5 ? `, and ${countOf(back.length - 5, 'other')}` : ''}`,
      )
  }
}

function subjectsOf(type: string, coin: string, currency: string): readonly string[] {
  if (type === 'price') return [`coin ${coin}`, `currency ${currency}`, `price of ${coin} in ${currency}`]
  if (type === 'ohlcv') return [`candles of ${coin} in ${currency}`]
  return [`market figures in ${currency}`]
}
