import { setTimeout } from 'node:timers/promises'
import { type Price, price } from '../../lib/src/base/types/index.ts'
import { CryptoDataConsumer } from '../../lib/src/consumers/index.ts'
import { deadLetterTopic } from '../../lib/src/streaming/pipelines/index.ts'
import { type PlatformProcess, startPlatform } from '../support/platformProcess.ts'
import { until } from '../support/until.ts'
import { type Engines, openEngines, project } from './engines.ts'
import { APPENDED_AT_ONCE, type Checksum, checksumOfTable, messagesIn, prices, produce } from './load.ts'
import { Random } from './random.ts'
import { type ScenarioContext, type ScenarioFindings, scenarioCommand } from './scenario.ts'
import { CONFIG } from './subject.ts'

/** The platform of a scenario, a process of its own, while prices are appended to its stream by this one. */
export interface Loaded {
  readonly engines: Engines
  /** The running platform; another one after `restart`. */
  readonly platform: () => PlatformProcess
  /** Ends the platform by kill -9, does something meanwhile, and starts it again. */
  restart(meanwhile?: () => Promise<void>): Promise<void>
  /** Prices appended so far. */
  readonly produced: () => number
  /** Prices that the consumer has acknowledged, which it does once they are stored. */
  readonly stored: () => Promise<number>
  /** Waits until `ask` answers something; its error has the output of the platform. */
  wait<T>(ask: () => Promise<T | undefined | false> | T | undefined | false, what: string): Promise<T>
  readonly context: ScenarioContext
}

export interface LoadOptions {
  readonly name: string
  /** qicore.yaml of the platform; without sources unless given. */
  readonly config?: string
  /** Environment of the platform beside that of its engines. */
  readonly env?: Readonly<Record<string, string>>
  /** Called before the platform is started for the first time. */
  readonly before?: () => Promise<void>
  /** An existing folder for everything on disk; a temporary one unless given. */
  readonly folder?: string
}

/** Findings of a scenario itself. */
export interface Happened {
  readonly problems?: readonly (string | false)[]
  /** Prices that rightly are in no table, such as those of a damaged chunk. */
  readonly lost?: Checksum
  /** Letters that rightly are in the dead letters of prices; 0 unless given. */
  readonly deadLetters?: number
  readonly [figure: string]: unknown
}

/**
 * Runs `happen` while prices are appended, then stops the load, waits until all is stored, stops the platform and compares count
 * and checksum of the table with what was produced.
 */
export async function underLoad(
  context: ScenarioContext,
  { name, config = CONFIG, env = {}, before = async () => {}, folder }: LoadOptions,
  happen: (loaded: Loaded) => Promise<Happened>,
): Promise<ScenarioFindings> {
  const { seed, rate, patienceMs } = context
  await using stack = new AsyncDisposableStack()
  const engines = stack.use(await openEngines('embedded', folder))
  await engines.stream.createTopics([price.topic])
  const cwd = await project(engines.folder, 'subject', config)
  const start = () => startPlatform(cwd, { ...engines.environment('home'), ...env })
  await before()
  let platform = await start()
  const earlier: string[] = []
  stack.defer(() => platform.kill9())

  const over = new AbortController()
  let produced = 0
  const began = performance.now()
  const producing = produce(engines.stream, endless(seed, over.signal), {
    room: async (count) => {
      produced = count
      const early = Math.max(0, (count / rate) * 1000 - (performance.now() - began))
      await setTimeout(early, undefined, { signal: over.signal }).catch(() => {})
    },
  })
  producing.catch(() => {})
  stack.defer(() => over.abort())

  const failed = producing.then(() => new Promise<never>(() => {}))
  const wait: Loaded['wait'] = (ask, what) =>
    Promise.race([until(ask, what, patienceMs), failed]).catch((error: unknown) => {
      const output = [...earlier, platform.output()].join('\n--\n').slice(-8000)
      throw new Error(`${(error as Error).message}. The platform printed:\n${output}`, { cause: error })
    })
  const stored = async () => {
    const lag = await engines.stream.lag(CryptoDataConsumer.group)
    return Number(lag.filter(({ topic }) => topic === price.topic).reduce((sum, { offset }) => sum + offset, 0n))
  }
  const loaded: Loaded = {
    engines,
    platform: () => platform,
    restart: async (meanwhile = async () => {}) => {
      await platform.kill9()
      earlier.push(platform.output())
      await meanwhile()
      platform = await start()
    },
    produced: () => produced,
    stored,
    wait,
    context,
  }
  try {
    await wait(async () => (await stored()) > 0, 'the first prices to be stored')
    const { problems = [], lost, deadLetters = 0, ...figures } = await happen(loaded)
    over.abort()
    const given = await producing
    const appended = await messagesIn(engines.stream)
    await wait(async () => (await stored()) >= appended, `all ${appended} prices to be stored`)
    const code = await platform.stop()
    const table = await checksumOfTable(engines.store)
    const expected = lost ? without(given, lost) : given
    const letters = await messagesIn(engines.stream, deadLetterTopic(price.topic))
    return {
      produced: given.count,
      ...figures,
      problems: [
        ...problems,
        JSON.stringify(table) !== JSON.stringify(expected) &&
          `the table says ${JSON.stringify(table)}, it should be ${JSON.stringify(expected)}`,
        letters !== deadLetters && `${letters} dead letters instead of ${deadLetters}`,
        code !== 0 && `the platform ended with code ${code}:\n${platform.output().slice(-4000)}`,
      ].filter((problem) => problem !== false),
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\nagain: ${scenarioCommand(name, context)}`, { cause: error })
  }
}

/** Prices until the signal, in whole appends. */
function* endless(seed: number, signal: AbortSignal): Generator<Price> {
  let count = 0
  for (const record of prices(Number.MAX_SAFE_INTEGER, new Random(seed).fork('records'))) {
    if (signal.aborted && count % APPENDED_AT_ONCE === 0) return
    count++
    yield record
  }
}

const without = (all: Checksum, some: Checksum): Checksum => ({
  count: all.count - some.count,
  nonces: String(BigInt(all.nonces) - BigInt(some.nonces)),
  hashes: String(BigInt(all.hashes) - BigInt(some.hashes)),
})
