import type { CryptoPlatformSettings } from './settings.ts'

export interface Backlog {
  readonly consumer: string
  readonly members: number
  /** As many as have something to read, and as the settings allow. */
  readonly most: number
  readonly lag: number
  /** Since when too much waits for its members, in milliseconds since 1970; neither this nor the next between the two limits. */
  readonly behindSince?: number
  /** Since when next to nothing waits. */
  readonly calmSince?: number
}

type Since = Pick<Backlog, 'behindSince' | 'calmSince'>

/** Remembers since when consumers are behind, or calm: a lag that comes and goes is no reason to do anything. */
export class LagWatch {
  readonly #settings: Pick<CryptoPlatformSettings, 'scale_up_lag' | 'scale_down_lag'>
  readonly #known = new Map<string, Since & Pick<Backlog, 'members'>>()

  constructor(settings: Pick<CryptoPlatformSettings, 'scale_up_lag' | 'scale_down_lag'>) {
    this.#settings = settings
  }

  see({ consumer, members, most, lag }: Omit<Backlog, keyof Since>, now: number): Backlog {
    const { scale_up_lag: much, scale_down_lag: little } = this.#settings
    const known = this.#known.get(consumer)
    // After a change of members it is judged anew.
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
