import { price, recordTypes } from '../../lib/src/base/types/index.ts'
import { mostInWindow } from '../support/slidingWindow.ts'
import { until } from '../support/until.ts'
import { type Engines, type Mode, openEngines, project } from './engines.ts'
import { checksumOfTable, messagesIn } from './load.ts'
import { openMarket } from './market.ts'
import { startProcess, type TestProcess } from './process.ts'
import type { PublisherSettings } from './publisherProcess.ts'

export interface SharingOptions {
  readonly mode: Mode
  readonly seed: number
  /** The length of the windows in which the limit must be kept, and how many of them it runs for at least. */
  readonly windowMs: number
  readonly windows: number
  readonly say?: (line: string) => void
  readonly patienceMs?: number
}

export interface Shared {
  readonly records: number
  readonly calls: number
  readonly mostInWindow: number
  readonly limit: number
  readonly problems: readonly string[]
}

interface Report {
  readonly assigned: readonly string[]
  readonly written: number
}
type Member = TestProcess<Report>

const PUBLISHERS = ['one', 'two'] as const
const CONSUMERS = 4
/** Weight in one window: what makes both publishers wait for their turn. */
const LIMIT = 20
const COINS = Array.from({ length: 400 }, (_, i) => `coin-${i}`)
const CURRENCIES = ['usd', 'eur', 'chf', 'jpy']

/**
 * Two publishers and four consumers, each a process of its own, under one key and in one group. One consumer is killed while
 * records flow, and one comes instead.
 * @returns what was found in the end; its problems are empty where all is well
 */
export async function sharing(options: SharingOptions): Promise<Shared> {
  const { mode, seed, windowMs, windows, say = () => {}, patienceMs = 120_000 } = options
  await using stack = new AsyncDisposableStack()
  const engines = stack.use(await openEngines(mode))
  await engines.stream.createTopics(Object.values(recordTypes).map(({ topic }) => topic))
  const market = stack.use(await openMarket(seed))
  const processes: TestProcess[] = []
  const start = async <T>(script: string, name: string, settings: unknown): Promise<TestProcess<T>> => {
    const folder = await project(engines.folder, name, 'sources: { run: [] }\n')
    const process = startProcess<T>(script, settings, folder, engines.environment('home'))
    stack.defer(() => process.kill9())
    processes.push(process)
    return process
  }
  const output = () => processes.map((process) => `process ${process.pid}:\n${process.output().slice(-2000)}`).join('\n')
  const wait = (ask: () => Promise<boolean> | boolean, what: string) =>
    until(ask, what, patienceMs).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${output()}`, { cause: error })
    })

  const consumer = () => start<Report>('consumerProcess.ts', 'consumer', { sink: 'table' })
  const members: Member[] = await Promise.all(Array.from({ length: CONSUMERS }, consumer))
  const publishers = await Promise.all(
    PUBLISHERS.map((name) => {
      const limits = { limit: LIMIT, windowMs, slackMs: 5000 }
      const settings: PublisherSettings = { url: market.address(name), coins: COINS, currencies: CURRENCIES, limits }
      return start('publisherProcess.ts', name, settings)
    }),
  )
  const partitions = await pricePartitions(engines)
  const share = async (what: string) => {
    await wait(() => divided(members, partitions), `${what} to share the ${partitions.length} partitions`)
    const written = members.map((member) => member.report()?.written ?? 0)
    const stores = () => members.every((member, i) => (member.report()?.written ?? 0) > (written[i] as number))
    await wait(() => stores() && divided(members, partitions), `${what} to store`)
    say(`${what} share and store: ${members.map((member) => held(member).length).join(' + ')} partitions`)
  }
  await share('four consumers')
  await (members.shift() as Member).kill9()
  await share('the three that are left')
  members.push(await consumer())
  await share('they and a new one')

  const began = market.calls[0]?.at as number
  await wait(() => performance.now() - began > windows * windowMs, `${windows} windows`)
  const given = market.close()
  await wait(async () => (await rowsOf(engines)) >= given.count, `all ${given.count} records to be stored`)
  const codes = await Promise.all([...publishers, ...members].map((process) => process.stop()))
  const table = await checksumOfTable(engines.store, ROWS)
  const appended = await messagesIn(engines.stream)
  const most = mostInWindow(market.calls, windowMs)
  const problems = [
    JSON.stringify(table) !== JSON.stringify(given) &&
      `the table says ${JSON.stringify(table)}, given were ${JSON.stringify(given)}`,
    appended !== given.count && `${appended} messages were appended of ${given.count} records`,
    most > LIMIT && `${most} calls in a window of ${windowMs} ms, which allows ${LIMIT}`,
    PUBLISHERS.some((name) => !market.calls.some(({ by }) => by === name)) && 'a publisher made no call',
    codes.some((code) => code !== 0) && `processes ended with the codes ${codes.join(', ')}:\n${output()}`,
  ].filter((problem) => problem !== false)
  return { records: given.count, calls: market.calls.length, mostInWindow: most, limit: LIMIT, problems }
}

const ROWS = "select * from crypto_prices where source = 'coingecko'"

async function rowsOf({ store }: Engines): Promise<number> {
  const { rows } = await store.pool.query<{ count: number }>(`select count(*)::int as count from (${ROWS}) r`)
  return rows[0]?.count ?? 0
}

async function pricePartitions({ stream }: Engines): Promise<string[]> {
  const [topic] = await stream.describeTopics([price.topic])
  return (topic?.partitions ?? []).map(({ partition }) => `${price.topic}/${partition}`)
}

const held = (member: Member): readonly string[] =>
  member.report()?.assigned.filter((name) => name.startsWith(`${price.topic}/`)) ?? []

/** Each partition has one holder, and each member holds some. */
function divided(members: readonly Member[], partitions: readonly string[]): boolean {
  const shares = members.map(held)
  return (
    shares.every((share) => share.length > 0) &&
    shares.flat().length === partitions.length &&
    new Set(shares.flat()).size === partitions.length
  )
}
