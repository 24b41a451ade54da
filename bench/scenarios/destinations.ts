import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { price as priceType, silentLogger } from '../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { partOf, watchArrivals } from '../arrivals.ts'
import type { BenchContext } from '../context.ts'
import { interleave, median } from '../rounds.ts'
import { PER_SECOND, SteadySource, WARM_UP } from '../steadySource.ts'
import { emptyTable } from '../table.ts'
import { FAULTS, type Fault, trouble } from '../trouble.ts'

const ALONE = 'none'
const SICK = 'sick'
const MOST_SECONDS = 8

const NAMES: Readonly<Record<Fault, string>> = {
  down: 'is down',
  refuses: 'refuses everything',
  unopened: 'cannot be opened',
  hangs: 'hangs',
}

/** The store's p99 in a whole platform: alone, and beside a second destination of the same records that is in trouble. */
export async function destinations(context: BenchContext): Promise<string> {
  const { stream, records, rounds, note } = context
  const measured = Math.min(records, MOST_SECONDS * PER_SECOND)
  const p99 = (fault?: Fault) => async () => partOf((await arrivals(context, WARM_UP + measured, fault)).slice(WARM_UP), 0.99)
  const contenders = [[ALONE, p99()] as const, ...FAULTS.map((fault) => [NAMES[fault], p99(fault)] as const)]
  const found = await interleave(Object.fromEntries(contenders), rounds, note)
  const alone = found.get(ALONE) ?? []
  const rows = [...found].map(([name, ms]) => {
    const ratio = median(ms.map((one, round) => one / (alone[round] as number)))
    const [middle, least, most] = [median(ms), Math.min(...ms), Math.max(...ms)].map((one) => one.toFixed(1))
    return `| ${name} | ${middle} ms (${least}–${most}) | ${ratio.toFixed(2)} |`
  })
  return [
    `### p99 of source → queryable row beside a second destination (${stream.engine}), ${PER_SECOND.toLocaleString('en')} records/s for ${measured / PER_SECOND} s a round`,
    '',
    '| the second destination | p99: median (least–most) | ÷ without it |',
    '|---|---|---|',
    ...rows,
  ].join('\n')
}

/** How long each record took to be a row of the store. */
async function arrivals({ store, stream, brokers, folder }: BenchContext, total: number, fault?: Fault): Promise<number[]> {
  await stream.deleteTopics([priceType.topic])
  await emptyTable(store)
  const cwd = join(folder, fault ?? ALONE)
  await mkdir(cwd, { recursive: true })
  const sick = fault ? `destinations:\n  ${SICK}: { type: trouble, fault: ${fault}, records: [price] }\n` : ''
  await writeFile(join(cwd, 'qicore.yaml'), `sources: { run: [] }\n${sick}`)
  const env = { DATABASE_URL: store.url, ...(brokers && { REDPANDA_BROKERS: brokers.join(',') }) }
  const { config } = loadConfig({ cwd, env })
  await using platform = new CryptoDataPlatform({ config, sinkTypes: { trouble } })
  await platform.start()
  const source = new SteadySource(PER_SECOND, total)
  await using publisher = new CryptoDataPublisher({ source, stream: platform.stream, logger: silentLogger })
  const [taken] = await Promise.all([watchArrivals(platform.store, total), publisher.run()])
  const beside = platform.getStatus().consumers.find(({ destination }) => destination === SICK)
  if (fault && beside?.written !== 0)
    throw new Error(`the second destination was to take nothing (${fault}), and took ${beside?.written}`)
  return taken
}
