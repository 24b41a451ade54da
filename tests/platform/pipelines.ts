import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { defineSink, nowMicros, price, QiError, type RecordValues, type RowSink } from '../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'

/** A destination of the test: keeps what is written in memory, and refuses everything while it is told to. */
export class Collected {
  readonly records: RecordValues[] = []
  refuses = false
  /** Takes no record as it is. */
  rejects = false

  coins(source: string): string[] {
    return this.records.filter((record) => record.source === source).map((record) => String(record.coinId))
  }
}

export interface Running extends AsyncDisposable {
  readonly platform: CryptoDataPlatform
  readonly lake: Collected
  readonly desk: Collected
}

const DESTINATIONS = 'destinations:\n  lake: { type: collect }\n  desk: { type: collect, records: [trade] }\n'

/** A platform that runs, with two destinations of the test. */
export async function runPlatform(env: Readonly<Record<string, string>>, settings = DESTINATIONS): Promise<Running> {
  const cwd = await mkdtemp(join(tmpdir(), 'qicore-pipelines-'))
  await writeFile(join(cwd, 'qicore.yaml'), `sources: { run: [] }\npartitions: 2\n${settings}`)
  const kept = { lake: new Collected(), desk: new Collected() }
  const collect = defineSink({
    name: 'collect',
    summary: 'keeps records in memory',
    config: z.object({}),
    open: async (_, { name }) => sinkInto(kept[name as keyof typeof kept]),
  })
  const { config } = loadConfig({ cwd, env })
  const platform = new CryptoDataPlatform({ config, sinkTypes: { collect }, watchMs: 50 })
  await platform.start()
  return { platform, ...kept, [Symbol.asyncDispose]: () => platform.stop() }
}

const sinkInto = (kept: Collected): RowSink => ({
  name: 'collect',
  guarantee: 'at_least_once',
  accepts: () => true,
  async write(_, records) {
    if (kept.refuses) throw new QiError('UNAUTHORIZED', 'the key is wrong')
    if (kept.rejects)
      return { written: 0, failed: records.map((_record, index) => ({ index, error: new QiError('BAD_DATA', 'not taken') })) }
    kept.records.push(...(records as readonly RecordValues[]))
    return { written: records.length, failed: [] }
  },
  check: async () => ({ ok: true, summary: 'it works' }),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
})

/** Appends prices of some coins, as a source of this name would. */
export async function publish(
  { stream }: CryptoDataPlatform,
  source: string,
  coins: readonly string[],
  topic: string = price.topic,
): Promise<void> {
  const records = coins.map((coinId) => ({
    ...{ coinId, source, currency: 'usd', time: nowMicros(), receivedAt: nowMicros(), origin: 'live' as const },
    price: '1.50' as never,
  }))
  await stream.append(
    topic,
    records.map((record) => ({ key: price.messageKey(record), value: price.encode(record) })),
  )
}
