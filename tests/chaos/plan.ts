import type { Mode, Way } from './engines.ts'
import type { Slowness } from './network.ts'
import type { Random } from './random.ts'

/** Session timeout of the processes under test; brokers allow no less. */
export const SESSION_MS = 6000

/** One thing that goes wrong. */
export type Fault =
  | { readonly kind: 'kill'; readonly victim: 'platform'; readonly restartMs: number; readonly way: Way }
  | { readonly kind: 'kill'; readonly victim: 'postgres' | 'broker' | 'bucket' }
  /** SIGSTOP until another has taken over, then both run, then the first is killed. */
  | { readonly kind: 'stop'; readonly forMs: number; readonly togetherMs: number }
  | { readonly kind: 'drop'; readonly network: 'postgres' | 'broker'; readonly forMs: number }
  | ({ readonly kind: 'slow'; readonly network: 'postgres' | 'broker'; readonly forMs: number } & Slowness)
  /** Nothing comes through and nobody is told; then it goes on, or the connections turn out to be gone. */
  | { readonly kind: 'hold'; readonly network: 'postgres' | 'broker'; readonly forMs: number; readonly cut: boolean }
  /** The far ends of all connections are gone, and the near ends are never told. */
  | { readonly kind: 'lose'; readonly network: 'postgres' | 'broker' }

export interface Round {
  /** Of all records, how many are stored when it begins. */
  readonly at: number
  readonly afterMs: number
  /** They overlap: each begins so long after the round. */
  readonly faults: readonly { readonly fault: Fault; readonly afterMs: number }[]
}

export interface PlanOptions {
  readonly mode: Mode
  readonly rounds: number
  /** Ways that the process under test can come by. */
  readonly ways: readonly Way[]
  /** True if there is a server of objects. */
  readonly bucket?: boolean
  /** True if the process under test may be stopped and replaced: it is then stopped and killed more often than anything else fails. */
  readonly zombies?: boolean
}

/** The faults and their times: all that is random about it is drawn here, before anything runs. */
export function plan({ mode, rounds, ways, bucket = false, zombies = false }: PlanOptions, random: Random): readonly Round[] {
  const points = Array.from({ length: rounds }, (_, i) => 0.03 + (0.85 * (i + random.next())) / rounds)
  let way: Way = 'network'
  let bag: Kind[] = []
  const draw = (): Fault => {
    // Before PostgreSQL there is no network for who is in its home.
    const fits = (kind: Kind) => way === 'network' || kind.network !== 'postgres'
    if (!bag.some(fits)) bag = random.shuffled(kinds({ mode, ways, bucket, zombies }, random))
    const [kind] = bag.splice(bag.findIndex(fits), 1) as [Kind]
    const fault = kind.make()
    if (fault.kind === 'kill' && fault.victim === 'platform') way = fault.way
    return fault
  }
  return points.map((at) => {
    const faults = [{ fault: draw(), afterMs: 0 }]
    if (random.chance(0.3)) faults.push({ fault: draw(), afterMs: random.integer(0, 2000) })
    return { at, afterMs: random.integer(0, 300), faults }
  })
}

interface Kind {
  /** The one that it needs. */
  readonly network?: 'postgres' | 'broker'
  readonly make: () => Fault
}

function kinds({ mode, ways, bucket, zombies }: Omit<PlanOptions, 'rounds'>, random: Random): Kind[] {
  const ms = (from: number, below: number) => random.integer(from, below)
  const networks = mode === 'kafka' ? (['postgres', 'broker'] as const) : (['postgres'] as const)
  const kill = (): Fault => {
    const way = ways[ms(0, ways.length)] as Way
    return { kind: 'kill', victim: 'platform', restartMs: ms(0, 500), way }
  }
  // The broker waits for a member as long as its session lasts.
  const stop = (): Fault => ({
    kind: 'stop',
    forMs: mode === 'kafka' ? ms(SESSION_MS, 2 * SESSION_MS) : ms(0, 3000),
    togetherMs: ms(0, 3000),
  })
  return [
    { make: kill },
    ...(zombies
      ? [{ make: kill }, { network: 'postgres' as const, make: stop }, { network: 'postgres' as const, make: stop }]
      : []),
    { make: () => ({ kind: 'kill', victim: 'postgres' }) },
    ...(mode === 'kafka' ? [{ make: (): Fault => ({ kind: 'kill', victim: 'broker' }) }] : []),
    ...(bucket ? [{ make: (): Fault => ({ kind: 'kill', victim: 'bucket' }) }] : []),
    ...networks.flatMap((network): Kind[] => {
      const slow = () => ({ latencyMs: ms(5, 150), bytesPerSecond: ms(100_000, 2_000_000) })
      return [
        { network, make: () => ({ kind: 'drop', network, forMs: ms(0, 3000) }) },
        { network, make: () => ({ kind: 'lose', network }) },
        { network, make: () => ({ kind: 'slow', network, forMs: ms(1000, 4000), ...slow() }) },
        { network, make: () => ({ kind: 'hold', network, forMs: ms(500, 12_000), cut: random.chance(0.5) }) },
      ]
    }),
  ]
}

export function describe(fault: Fault): string {
  if (fault.kind === 'kill')
    return `kill -9 of ${fault.victim}${fault.victim === 'platform' ? `, back by its ${fault.way} after ${fault.restartMs} ms` : ''}`
  if (fault.kind === 'stop')
    return `SIGSTOP of the process, for ${fault.forMs} ms beside another; both run for ${fault.togetherMs} ms; then kill -9 of the first`
  const before = `the network before ${fault.network}`
  if (fault.kind === 'lose') return `${before} has forgotten its connections, and tells nobody`
  if (fault.kind === 'drop') return `${before} down for ${fault.forMs} ms`
  if (fault.kind === 'hold')
    return `${before} silent for ${fault.forMs} ms, then ${fault.cut ? 'its connections are gone' : 'it goes on'}`
  return `${before} slow for ${fault.forMs} ms: ${fault.latencyMs} ms, ${Math.round(fault.bytesPerSecond / 1000)} kB/s`
}
