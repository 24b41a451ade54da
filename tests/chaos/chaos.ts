import { setTimeout } from 'node:timers/promises'
import { type Price, price, type Stream } from '../../lib/src/base/types/index.ts'
import { CryptoDataConsumer } from '../../lib/src/consumers/index.ts'
import { groupOf } from '../../lib/src/streaming/pipelines/index.ts'
import { until } from '../support/until.ts'
import { type Engines, type Mode, openEngines } from './engines.ts'
import { Gate } from './gate.ts'
import { anyRoll, LAKES, type Lake, openLake } from './lake.ts'
import { messagesIn, prices, produce } from './load.ts'
import { describe, plan, type Round } from './plan.ts'
import { Random } from './random.ts'
import { strike } from './strike.ts'
import { type Restartable, type SinkName, startSubject } from './subject.ts'
import { type Findings, findings } from './verdict.ts'

export interface ChaosOptions {
  readonly mode: Mode
  readonly sink: SinkName
  readonly rounds: number
  readonly records: number
  readonly seed: number
  /** Called with each round as it begins. */
  readonly say?: (line: string) => void
  /** How long a round may take until records are stored again, and the end until all are, in milliseconds. */
  readonly patienceMs?: number
}

/** Repeats the choices of a run: which faults happen when, and the records. The state that they meet depends on timing. */
export const command = ({ mode, sink, rounds, records, seed }: ChaosOptions): string =>
  `npm run chaos -- --rounds ${rounds} --records ${records} --mode ${mode} --sink ${sink} --seed ${seed}`

/** How far the producer may be ahead of the next round, as a part of all records: enough to be stored in all its seconds. */
const AHEAD = 0.15

/**
 * A load is produced once by this process, which is not restarted, while in each round something goes wrong.
 * @returns what was found in the end; its problems are empty where all is well
 * @throws Error when records are no longer stored, with what the process under test printed
 */
export async function chaos(options: ChaosOptions): Promise<Findings> {
  const { mode, sink, rounds: count, records, seed, say = () => {}, patienceMs = 180_000 } = options
  const random = new Random(seed)
  const ways = mode === 'embedded' ? (['home', 'network'] as const) : (['network'] as const)
  const kind = LAKES.find((name) => name === sink)
  const rounds = plan({ mode, rounds: count, ways, bucket: sink === 's3', zombies: kind !== undefined }, random.fork('plan'))

  await using engines = await openEngines(mode)
  await engines.stream.createTopics([price.topic])
  await using lake = kind && (await openLake(kind, engines.folder, anyRoll(random.fork('roll'))))
  const group = lake ? groupOf({ pipeline: CryptoDataConsumer.name, destination: 'lake' }) : CryptoDataConsumer.group
  await using subject = await startSubject(engines, sink, lake)
  const gate = new Gate()
  const stopped = new AbortController()
  const producing = produce(engines.stream, prices(records, random.fork('records')) as Iterable<Price>, {
    room: (produced) => gate.pass(produced),
    signal: stopped.signal,
  })
  producing.catch(() => {})
  try {
    await happen(rounds, { engines, lake, group, subject, gate, records, say, patienceMs, failed: producing.then(never) })
    gate.open(Number.POSITIVE_INFINITY)
    const produced = await producing
    const appended = await messagesIn(engines.stream)
    await stored({ stream: engines.stream, group, patienceMs, subject }, appended)
    const code = await subject.stop()
    return await findings({ engines, sink, lake, produced, appended, code, rounds })
  } catch (error) {
    throw new Error(`${(error as Error).message}\nagain: ${command(options)}`, { cause: error })
  } finally {
    stopped.abort()
    gate.open(Number.POSITIVE_INFINITY)
  }
}

interface Happening {
  readonly engines: Engines
  readonly lake: Lake | undefined
  /** The consumer group under test. */
  readonly group: string
  readonly subject: Restartable
  readonly gate: Gate
  readonly records: number
  readonly say: (line: string) => void
  readonly patienceMs: number
  /** Rejects when the producer gives up. */
  readonly failed: Promise<never>
}

async function happen(
  rounds: readonly Round[],
  { engines, lake, group, subject, gate, records, say, patienceMs, failed }: Happening,
) {
  const { stream } = engines
  const storing = { stream, group, patienceMs, subject }
  const began = performance.now()
  for (const [i, round] of rounds.entries()) {
    gate.open((round.at + AHEAD) * records)
    await Promise.race([stored(storing, round.at * records), failed])
    await setTimeout(round.afterMs)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const what = round.faults
      .map(({ fault, afterMs }) => (afterMs > 0 ? `after ${afterMs} ms ` : '') + describe(fault))
      .join('; ')
    say(`round ${i + 1} at ${seconds} s, ${await storedOf(storing).catch(() => '?')} stored: ${what}`)
    // Two that are about the same thing are one after the other.
    const busy = new Map<string, Promise<void>>()
    await Promise.all(
      round.faults.map(async ({ fault, afterMs }) => {
        await setTimeout(afterMs)
        const what = fault.kind === 'kill' || fault.kind === 'stop' ? 'processes' : fault.network
        const struck = (busy.get(what) ?? Promise.resolve()).then(() => strike(fault, engines, subject, lake))
        busy.set(what, struck)
        return struck
      }),
    )
    const room = Math.min(records, Math.floor(((rounds[i + 1]?.at ?? 1) + AHEAD) * records))
    gate.open(room)
    const mended = performance.now()
    const before = await until(() => storedOf(storing), 'the stream to answer', patienceMs)
    // Where all that there is room for is stored by now, nothing more comes in this round.
    if (before < room) await Promise.race([stored(storing, before + 1), failed])
    say(`  records are stored again after ${((performance.now() - mended) / 1000).toFixed(1)} s`)
  }
}

interface Storing {
  readonly stream: Stream
  readonly group: string
  readonly patienceMs: number
  readonly subject: Restartable
}

/** Returns once so many are stored, as far as the consumer has committed it. */
async function stored(storing: Storing, count: number): Promise<void> {
  const { patienceMs, subject } = storing
  let last = -1
  await until(
    async () => {
      last = await storedOf(storing)
      return last >= count
    },
    `${Math.ceil(count)} records to be stored`,
    patienceMs,
  ).catch((error: unknown) => {
    throw new Error(
      `${(error as Error).message}; ${last} are. The process under test printed:\n${subject.output().slice(-8000)}`,
      {
        cause: error,
      },
    )
  })
}

async function storedOf({ stream, group }: Pick<Storing, 'stream' | 'group'>): Promise<number> {
  const lag = await stream.lag(group)
  return Number(lag.filter(({ topic }) => topic === price.topic).reduce((sum, { offset }) => sum + offset, 0n))
}

/** The producer is done before the last round, which then waits for nothing. */
const never = (): Promise<never> => new Promise(() => {})
