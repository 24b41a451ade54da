import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, onTimescale } from '../support/database.ts'
import { startKafka } from '../support/kafka.ts'
import { startPlatform } from '../support/platformProcess.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

/** Runs psql, as the view of another program. */
const psql = async (url: string, sql: string): Promise<string> => (await run('psql', [url, '-XAtc', sql])).stdout.trim()

const kcat = async (brokers: string, topic: string): Promise<Record<string, string>[]> => {
  const { stdout } = await run('kcat', ['-b', brokers, '-t', topic, '-C', '-o', 'beginning', '-e', '-q', '-c', '20'])
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
}

const settings = { QICORE_SOURCES: 'simulated' }

/** A PostgreSQL that is not the platform's own. */
async function otherPostgres(): Promise<string> {
  const database = await createDatabase()
  onTestFinished(database.drop)
  return database.url
}

async function broker(): Promise<string> {
  const kafka = await startKafka()
  onTestFinished(() => kafka.stop())
  return kafka.brokers
}

async function platformIn(env: Readonly<Record<string, string>>) {
  const project = await temporary('engines')
  await writeFile(join(project, 'qicore.yaml'), 'sources: { simulated: { interval_ms: 100 } }\n')
  const platform = await startPlatform(project, { ...settings, ...env })
  onTestFinished(() => platform.kill9())
  return { platform, project }
}

describeWith('kafka', 'the same platform on other engines', () => {
  test('REDPANDA_BROKERS and DATABASE_URL: kcat reads the topics and psql the tables', async () => {
    const [brokers, url] = [await broker(), await otherPostgres()]
    const { platform } = await platformIn({ REDPANDA_BROKERS: brokers, DATABASE_URL: url })
    const rows = await until(
      async () =>
        (await psql(url, 'select count(*) from crypto_prices')) !== '0' &&
        psql(url, 'select coin_id, source, origin, price from crypto_prices limit 1'),
      'rows',
    )
    expect(rows).toMatch(/^[a-z-]+\|simulated\|simulated\|\d+(\.\d+)?$/)
    const [message] = await until(async () => {
      const messages = await kcat(brokers, 'crypto-prices')
      return messages.length > 0 && messages
    }, 'messages')
    expect(message).toMatchObject({
      source: 'simulated',
      origin: 'simulated',
      currency: 'usd',
      price: expect.stringMatching(/^\d+(\.\d+)?$/),
    })
    // It need not be one of the rows stored before.
    const stored = `select trim_scale(price) from crypto_prices where coin_id = '${message?.coin_id}' and time = '${message?.time}'`
    expect(await until(async () => (await psql(url, stored)) || undefined, 'its row')).toBe(message?.price)
    expect(await platform.status()).toMatchObject({ store: onTimescale ? 'TimescaleDB' : 'PostgreSQL', stream: 'redpanda' })
    expect(await platform.stop()).toBe(0)
  })

  test.skipIf(onTimescale)('REDPANDA_BROKERS alone: the store is the embedded PostgreSQL', async () => {
    const { platform } = await platformIn({ REDPANDA_BROKERS: await broker() })
    await until(async () => ((await platform.status()).consumers[0]?.written ?? 0) > 0, 'records stored')
    expect(await platform.status()).toMatchObject({ store: 'embedded PostgreSQL', stream: 'redpanda' })
    expect(await platform.stop()).toBe(0)
  })

  test('DATABASE_URL alone: the log lives in that PostgreSQL', async () => {
    const url = await otherPostgres()
    const { platform } = await platformIn({ DATABASE_URL: url })
    await until(async () => (await psql(url, 'select count(*) from crypto_prices')) !== '0', 'rows')
    expect(await psql(url, "select count(*) > 0 from information_schema.tables where table_schema = 'qicore_stream'")).toBe('t')
    expect(await platform.status()).toMatchObject({ store: onTimescale ? 'TimescaleDB' : 'PostgreSQL', stream: 'embedded' })
    expect(await platform.stop()).toBe(0)
  })
})
