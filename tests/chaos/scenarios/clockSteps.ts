import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { price } from '../../../lib/src/base/types/index.ts'
import { DeadLetters } from '../../../lib/src/streaming/pipelines/index.ts'
import { libfaketime } from '../../support/run/available.ts'
import type { Scenario } from '../scenario.ts'
import { CONFIG } from '../subject.ts'
import { type Loaded, underLoad } from '../underLoad.ts'

const WITH_MARKET = CONFIG.replace('sources: { run: [] }', 'sources: { simulated: {} }')
/** The clock of the platform is off by so much for a while. */
const STEP_S = 7200

/** The platform measures its distance to the database's clock at most five seconds after a step. */
const LEAST_SECONDS = 8

interface Latest {
  readonly time: Date
  readonly price: string
}

/** The newest simulated price of a coin as the platform answers it. */
async function latestOf({ platform }: Loaded): Promise<Latest | undefined> {
  const response = await fetch(`${platform().url}/api/v1/prices/latest?coins=bitcoin&sources=simulated`)
  const { items = [] } = (await response.json()) as {
    readonly items?: readonly { readonly time: string; readonly price: string }[]
  }
  const [first] = items
  return first && { time: new Date(first.time), price: first.price }
}

/** The clock of the platform alone goes ahead, then back: that of the database and of everybody else is right all along. */
export const scenario: Scenario = {
  name: 'clock-steps',
  summary: 'the clock of the platform goes two hours ahead and back; all is stored, and latest prices are not frozen',
  needs: ['faketime'],
  run: (context) => {
    const stamp = join(tmpdir(), `qicore-clock-${process.pid}-${context.seed}`)
    const set = (seconds: number) => writeFile(stamp, `${seconds < 0 ? '' : '+'}${seconds}s\n`)
    const env = {
      LD_PRELOAD: libfaketime() ?? '',
      FAKETIME_TIMESTAMP_FILE: stamp,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    return underLoad(context, { name: 'clock-steps', config: WITH_MARKET, env, before: () => set(0) }, async (loaded) => {
      const { engines, stored, wait } = loaded
      const moves = async (what: string) => {
        const before = await wait(() => latestOf(loaded), `a simulated price ${what}`)
        const prices = await stored()
        await wait(async () => {
          const now = await latestOf(loaded)
          return now !== undefined && now.time > before.time && now.time.getTime() < Date.now() + 60_000
        }, `the latest price to move ${what}`)
        await wait(async () => (await stored()) > prices, `prices to be stored ${what}`)
      }
      await moves('at first')
      await set(STEP_S)
      context.say('two hours ahead')
      // As long as it takes to measure a step, and some.
      const ahead = performance.now() + Math.max(LEAST_SECONDS, context.seconds) * 1000
      const early: Latest[] = []
      while (performance.now() < ahead) {
        const latest = await latestOf(loaded)
        if (latest && latest.time.getTime() > Date.now() + 300_000) early.push(latest)
        await setTimeout(250)
      }
      await set(0)
      context.say('back')
      await moves('after the step back')
      await set(-STEP_S)
      context.say('two hours behind')
      await setTimeout(context.seconds * 1000)
      await set(0)
      await moves('in the end')
      const { rows } = await engines.store.pool.query<{ n: number }>(
        "select count(*)::int as n from crypto_prices where time > now() + interval '5 minutes'",
      )
      // Records that the simulated market made in the future are refused once the step has been measured, and no others.
      const letters = await new DeadLetters(engines.stream).list({ topic: price.topic, limit: 10_000 })
      const others = letters.filter(({ reason }) => !reason.includes('is from the future'))
      return {
        deadLetters: letters.length,
        refused: letters.length,
        storedAndNotBelieved: rows[0]?.n,
        problems: [
          letters.length === 0 && 'nothing of the future was refused',
          others.length > 0 && `refused for another reason: ${others[0]?.reason}`,
          ...early.map(({ time }) => `the latest price was of ${time.toISOString()}`),
        ],
      }
    })
  },
}
