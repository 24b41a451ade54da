import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { price, silentLogger } from '../../lib/src/base/types/index.ts'
import { DeadLetters } from '../../lib/src/streaming/index.ts'
import { loadConfig, openStreamFor } from '../../lib/src/streaming/platform/index.ts'
import { prices } from '../chaos/load.ts'
import { Random } from '../chaos/random.ts'
import { platformDatabase } from '../support/database.ts'
import { startPlatform } from '../support/platformProcess.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const RECORDS = 10_000
const BAD = 6_173

describe('one bad record among ten thousand', () => {
  test('becomes a dead letter with its reason, delays no other, and is stored once corrected', async () => {
    const project = await temporary('dlq')
    const home = join(project, '.qicore')
    await writeFile(join(project, 'qicore.yaml'), 'sources: { run: [] }\n')
    const { env, drop } = await platformDatabase()
    onTestFinished(drop)
    const store = await openStore({ home, databaseUrl: env.DATABASE_URL })
    onTestFinished(() => store.close())
    const { config } = loadConfig({ cwd: project, env })
    const stream = await openStreamFor(config, store, { logger: silentLogger })
    onTestFinished(() => stream.close())
    const platform = await startPlatform(project, env)
    onTestFinished(() => platform.kill9())

    const records = [...prices(RECORDS, new Random(1))]
    const messages = records.map((record) => ({ key: price.messageKey(record), value: price.encode(record) }))
    const good = messages[BAD]?.value as string
    const bad = good.replace(/"price":"[^"]*"/, '"price":"1,5"')
    messages[BAD] = { ...(messages[BAD] as (typeof messages)[0]), value: bad }
    for (let i = 0; i < RECORDS; i += 1000) await stream.append(price.topic, messages.slice(i, i + 1000))

    const count = async () => {
      const { rows } = await store.pool.query<{ n: number }>('select count(*)::int as n from crypto_prices')
      return rows[0]?.n
    }
    await until(async () => (await count()) === RECORDS - 1, '9,999 rows')

    const letters = new DeadLetters(stream)
    const [letter, ...others] = await until(async () => {
      const list = await letters.list()
      return list.length > 0 && list
    }, 'the dead letter')
    expect(others).toEqual([])
    expect(letter).toMatchObject({ topic: price.topic, stage: 'store', value: bad, attempts: 1, replayed: false })
    expect(letter?.reason).toMatch(/price "1,5".*decimal/)

    const refused = await letters.replay({ ids: [letter?.id as string] })
    expect(refused).toMatchObject({ replayed: 0, refused: [{ error: { code: 'BAD_DATA' } }] })
    expect(await letters.replay({ entries: [{ ...(letter as NonNullable<typeof letter>), value: good }] })).toEqual({
      replayed: 1,
      refused: [],
    })
    await until(async () => (await count()) === RECORDS, 'the corrected record')
    expect(await platform.stop()).toBe(0)
  })
})
