import type { CryptoPlatformSettings } from './settings.ts'

export interface Backlog {
  readonly consumer: string
  readonly members: number
  /** Most members: the partitions, or fewer by the settings. */
  readonly most: number
  readonly lag: number
  /** Since when the lag is above `scale_up_lag` a member, in milliseconds since 1970. */
  readonly behindSince?: number
  /** Since when the lag is below `scale_down_lag`. Between the two limits neither is set. */
  readonly calmSince?: number
}

type Since = Pick<Backlog, 'behindSince' | 'calmSince'>

/** Tracks since when each consumer lags or is calm, so that a short lag leads to nothing. */
export class LagWatch {
  readonly #settings: Pick<CryptoPlatformSettings, 'scale_up_lag' | 'scale_down_lag'>
  readonly #known = new Map<string, Since & Pick<Backlog, 'members'>>()

  constructor(settings: Pick<CryptoPlatformSettings, 'scale_up_lag' | 'scale_down_lag'>) {
    this.#settings = settings
  }

  note({ consumer, members, most, lag }: Omit<Backlog, keyof Since>, now: number): Backlog {
    const { scale_up_lag: much, scale_down_lag: little } = this.#settings
    const known = this.#known.get(consumer)
    // A change of members starts the time again.
    const before: Since = known?.members === members ? known : {}
    const since: Since =
      lag > much * members
        ? { behindSince: before.behindSince ?? now }
        : lag <= little
          ? { calmSince: before.calmSince ?? now }
          : {}
    this.#known.set(consumer, { ...since, members })
    return { consumer, members, most, lag, ...since }
  }
}
