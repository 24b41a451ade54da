import { setTimeout } from 'node:timers/promises'
import { retry } from '../../../lib/src/base/networking/index.ts'
import { type Message, price, type Stream } from '../../../lib/src/base/types/index.ts'
import { startPlatform } from '../../support/platformProcess.ts'
import { until } from '../../support/until.ts'
import { type Engines, type Mode, openEngines, project } from '../engines.ts'
import { prices } from '../load.ts'
import { Random } from '../random.ts'
import { CONFIG } from '../subject.ts'
import { eventStream, webSocket } from './clients.ts'
import { Resumer } from './Resumer.ts'

export interface ResumingOptions {
  readonly mode: Mode
  /** How often each client is cut. */
  readonly cuts: number
  /** Records a second. */
  readonly rate: number
  readonly seed: number
  readonly say?: (line: string) => void
}

export interface ResumingFindings {
  readonly problems: readonly string[]
  readonly [figure: string]: unknown
}

export const resumingCommand = ({ mode, cuts, rate, seed }: Omit<ResumingOptions, 'say'>): string =>
  `npm run chaos -- --resuming --cuts ${cuts} --rate ${rate} --mode ${mode} --seed ${seed}`

/** Coins that the client with a filter asks for. */
const SOME = ['coin-3', 'coin-14', 'coin-15', 'coin-9', 'coin-26']

/**
 * Clients of `/ws` and of server-sent events are cut again and again while records are appended; the server is killed and started again
 * meanwhile, and what keeps the stream is killed once. In the end each must have what the stream holds: nothing missed, nothing twice.
 */
export async function resuming({ mode, cuts, rate, seed, say = () => {} }: ResumingOptions): Promise<ResumingFindings> {
  await using stack = new AsyncDisposableStack()
  const engines = stack.use(await openEngines(mode))
  await engines.stream.createTopics([price.topic])
  const folder = await project(engines.folder, 'served', CONFIG)
  // One that finds an engine away when it comes is started again, as any service is.
  const start = () => until(() => startPlatform(folder, engines.environment('home')), 'the server to start')
  let platform = await start()
  stack.defer(() => platform.kill9())

  const since = new Date(Date.now() - 60_000).toISOString()
  const random = new Random(seed)
  const over = new AbortController()
  stack.defer(() => over.abort())
  let produced = 0
  const producing = produceSteadily(engines.stream, rate, random.fork('records'), over.signal, (count) => {
    produced = count
  })
  producing.catch(() => {})
  const connects = {
    'ws, several records a message': webSocket({ batch: true }),
    'ws, some coins': webSocket({ coins: SOME }),
    sse: eventStream('channel=prices&batch=true'),
  }
  const clients = Object.entries(connects).map(
    ([name, connect]) =>
      new Resumer({
        ...{ name, connect, since },
        url: () => platform.url,
        random: random.fork(name),
        produced: () => (over.signal.aborted ? Number.POSITIVE_INFINITY : produced),
        stretch: Math.ceil(rate * (name.includes('some') ? 0.08 : 0.8)),
      }),
  )
  const wanted = new Map<string, ReadonlyMap<number, number>>()
  const isComplete = ({ name, received }: Resumer) => {
    const all = wanted.get(name)
    return all !== undefined && received >= [...all.values()].reduce((sum, count) => sum + count, 0)
  }
  const running = clients.map((client) => client.run(cuts, () => isComplete(client)))
  const failed = Promise.all([...running, producing]).then(() => new Promise<never>(() => {}))
  failed.catch(() => {})
  const reached = async (share: number) => {
    while (!clients.every((client) => client.cuts >= cuts * share)) await Promise.race([setTimeout(20), failed])
  }
  let kills = 0
  const faults: readonly (readonly [number, string, () => Promise<void>])[] = [
    [0.25, 'the server is killed and started again', async () => restart()],
    [0.5, `${mode === 'kafka' ? 'the broker' : 'PostgreSQL'} is killed and started again`, () => killStream(engines)],
    [0.75, 'both', async () => void (await Promise.all([restart(), killStream(engines)]))],
  ]
  const restart = async () => {
    await platform.kill9()
    platform = await start()
  }
  const began = performance.now()
  for (const [share, what, strike] of faults) {
    await reached(share)
    say(`${clients.map((client) => `${client.name}: ${client.cuts} cuts, ${client.received} records`).join('; ')}; now ${what}`)
    await strike()
    kills++
  }
  await reached(1)
  over.abort()
  await producing
  const rateSeen = Math.round((produced * 1000) / (performance.now() - began))
  for (const client of clients)
    wanted.set(client.name, await recordsIn(engines.stream, client.name.includes('some') ? SOME : undefined))
  const late = setTimeout(120_000, 'late', { ref: false })
  const outcome = await Promise.race([Promise.all(running), late])
  const code = await platform.stop()
  return {
    produced,
    rateSeen,
    kills,
    clients: clients.map(({ name, cuts: times, received }) => ({ name, cuts: times, received })),
    problems: [
      ...clients.flatMap((client) => [...client.problems, ...differences(client, wanted.get(client.name) ?? new Map())]),
      ...(outcome === 'late'
        ? [`not all records came within two minutes; the server printed:\n${platform.output().slice(-4000)}`]
        : []),
      ...(code === 0 ? [] : [`the platform ended with code ${code}:\n${platform.output().slice(-4000)}`]),
    ].slice(0, 20),
  }
}

const killStream = (engines: Engines): Promise<void> => (engines.mode === 'kafka' ? engines.killBroker() : engines.killPostgres())

/** Appends small batches at a steady rate; a failed append is repeated until the stream is back. @returns when the signal aborts */
async function produceSteadily(
  stream: Stream,
  rate: number,
  random: Random,
  signal: AbortSignal,
  count: (produced: number) => void,
): Promise<void> {
  const endless = prices(Number.MAX_SAFE_INTEGER, random)
  const began = performance.now()
  for (let produced = 0; !signal.aborted; ) {
    const due = Math.min(produced + 2 * rate, Math.floor(((performance.now() - began) * rate) / 1000))
    const messages: Message[] = []
    for (; produced < due; produced++) {
      const { value } = endless.next()
      messages.push({ key: price.messageKey(value), value: price.encode(value) })
    }
    if (messages.length > 0)
      await retry(() => stream.append(price.topic, messages), { attempts: Number.POSITIVE_INFINITY, baseMs: 50, maxMs: 500 })
    count(produced)
    await setTimeout(20)
  }
}

/** How often each record is in the stream, by its number: a producer may have appended it again when an answer was lost. */
async function recordsIn(stream: Stream, coins?: readonly string[]): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>()
  for await (const batch of stream.read({ topics: [price.topic], from: 'earliest', untilEnd: true }))
    for (const { record } of batch.decode(price)) {
      if (!record || (coins && !coins.includes(record.coinId))) continue
      const number = Math.floor(Number(record.price))
      counts.set(number, (counts.get(number) ?? 0) + 1)
    }
  return counts
}

function differences({ name, counts }: Resumer, wanted: ReadonlyMap<number, number>): string[] {
  const missed = [...wanted].filter(([number, count]) => (counts.get(number) ?? 0) < count).map(([number]) => number)
  const twice = [...counts].filter(([number, count]) => (wanted.get(number) ?? 0) < count).map(([number]) => number)
  return [
    ...(missed.length > 0 ? [`${name} missed ${missed.length} records: ${missed.slice(0, 5).join(', ')} …`] : []),
    ...(twice.length > 0 ? [`${name} got ${twice.length} records too often: ${twice.slice(0, 5).join(', ')} …`] : []),
  ]
}
