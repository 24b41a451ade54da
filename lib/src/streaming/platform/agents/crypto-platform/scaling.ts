import { countOf } from '../../../../base/types/index.ts'
import type { Backlog } from './LagWatch.ts'
import type { CryptoPlatformSettings } from './settings.ts'

export interface Scaling {
  readonly consumer: string
  readonly from: number
  readonly to: number
  readonly why: string
}

/**
 * Decides the number of members. After a long lag it grows at once, to as many as the lag needs; after a long calm it shrinks by one.
 * Between the two limits nothing changes. Pure.
 */
export function scalingOf(backlog: Backlog, settings: CryptoPlatformSettings, now: number): Scaling | undefined {
  const { consumer, members: from, most, lag, behindSince, calmSince } = backlog
  const { scale_up_lag: much, scale_down_lag: little } = settings
  if (from > most) return { consumer, from, to: most, why: `${most} is the most that partitions and settings allow` }
  if (isBehind(backlog, settings, now) && behindSince !== undefined && from < most) {
    const to = Math.min(most, Math.max(from + 1, Math.ceil(lag / much)))
    return {
      consumer,
      from,
      to,
      why: `${countOf(lag, 'record waits', 'records wait')}, more than ${much} for each reader, for ${passed(behindSince, now)}`,
    }
  }
  if (calmSince !== undefined && now - calmSince >= settings.scale_down_after_seconds * 1000 && from > 1)
    return { consumer, from, to: from - 1, why: `no more than ${little} records have waited for ${passed(calmSince, now)}` }
  return undefined
}

export const isBehind = ({ behindSince }: Backlog, { scale_up_after_seconds: after }: CryptoPlatformSettings, now: number) =>
  behindSince !== undefined && now - behindSince >= after * 1000

const passed = (since: number, now: number): string => `${Math.round((now - since) / 1000)} s`
