import { setTimeout } from 'node:timers/promises'
import { price } from '../../lib/src/base/types/index.ts'
import type { ScenarioContext, ScenarioFindings } from './scenario.ts'
import { CONFIG } from './subject.ts'
import { type Loaded, underLoad } from './underLoad.ts'
import { watch } from './watch.ts'

/** Seconds of the load that the store may lag, whatever becomes of another destination. */
const MOST_LAG_S = 5
const LOOK_MS = 250

/** A destination of prices that can be away. */
export interface Mortal {
  /** Its name, which is also that of its pipeline. */
  readonly name: string
  /** Its settings, in one line of YAML. */
  readonly yaml: string
  /** How health shows that it is away. */
  readonly trouble: RegExp
  /** True if nothing may be there twice. */
  readonly exact: boolean
  /** @param part 0 for the first half of the time that it is away, 1 for the second */
  die(part: 0 | 1): Promise<void>
  revive(loaded: Loaded): Promise<void>
  /** How often each price is there, by its nonce. */
  held(): Promise<ReadonlyMap<string, number>>
}

/**
 * A second destination is away for as long as the scenario lasts, then it is back. Meanwhile the store goes on as before, the platform is
 * ready, and health names the trouble; afterwards the destination gets all that waited for it.
 */
export async function deadDestination(context: ScenarioContext, scenario: string, mortal: Mortal): Promise<ScenarioFindings> {
  const { name, yaml, trouble, exact } = mortal
  const group = `qicore-${name}-${name}`
  return underLoad(context, { name: scenario, config: `${CONFIG}  ${name}: ${yaml}\n` }, async (loaded) => {
    const { engines, platform, stored, produced, wait } = loaded
    const committed = async () =>
      new Map((await engines.stream.lag(group)).map(({ partition, offset }) => [partition, Number(offset)]))
    const total = async () => [...(await committed()).values()].reduce((sum, offset) => sum + offset, 0)
    await wait(async () => (await total()) > 0, 'the destination to get its first prices')
    const before = await lagOf(loaded, Math.min(5, context.seconds))

    await mortal.die(0)
    context.say(`away at ${await total()} prices`)
    const ready = watch(`${platform().url}/ready`)
    const first = await lagOf(loaded, context.seconds / 2)
    const health = await (await fetch(`${platform().url}/health`)).text()
    await mortal.die(1)
    const second = await lagOf(loaded, context.seconds / 2)
    const { failed, slowestMs } = await ready.stop()
    const [waiting, storedMeanwhile] = [produced() - (await total()), await stored()]

    await mortal.revive(loaded)
    const revived = performance.now()
    context.say(`back, with ${waiting} prices that wait`)
    const goal = produced()
    await wait(async () => (await total()) >= goal, 'the destination to have what waited for it')
    const caughtUpMs = Math.round(performance.now() - revived)
    const expected = await noncesUntil(loaded, await committed())
    const times = await mortal.held()
    const missing = expected.filter((nonce) => !times.has(nonce)).length
    const twice = [...times.values()].filter((count) => count > 1).length
    const worst = Math.max(first, second)
    return {
      lagBefore: before,
      lagMeanwhile: worst,
      slowestReadyMs: slowestMs,
      waited: waiting,
      caughtUpMs,
      twice,
      problems: [
        ...failed,
        storedMeanwhile < waiting && `only ${storedMeanwhile} prices were stored while ${waiting} waited for ${name}`,
        worst > context.rate * MOST_LAG_S && `the store lagged by ${worst} prices while ${name} was away, by ${before} before`,
        !trouble.test(health) && `the health does not say that ${name} is away: ${health.slice(0, 2000)}`,
        waiting < (context.rate * context.seconds) / 4 && `only ${waiting} prices waited for ${name}: it was not away`,
        missing > 0 && `${missing} of ${expected.length} prices never came to ${name}`,
        exact && twice > 0 && `${twice} prices are there twice`,
      ],
    }
  })
}

/** The most prices that were produced and not yet stored, over so many seconds. */
async function lagOf({ produced, stored }: Loaded, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000
  let most = 0
  while (performance.now() < until) {
    const made = produced()
    most = Math.max(most, made - (await stored()))
    await setTimeout(LOOK_MS)
  }
  return most
}

/** The nonces of the records before these offsets. */
async function noncesUntil({ engines }: Loaded, offsets: ReadonlyMap<number, number>): Promise<string[]> {
  const nonces: string[] = []
  for await (const batch of engines.stream.read({ topics: [price.topic], from: 'earliest', untilEnd: true })) {
    const end = BigInt(offsets.get(batch.partition) ?? 0)
    for (const { index, record } of batch.decode(price))
      if (record && batch.offset(index) < end) nonces.push(`${record.marketCap}`)
  }
  return nonces
}
