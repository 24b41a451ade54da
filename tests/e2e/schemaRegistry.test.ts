import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { price, silentLogger } from '../../lib/src/base/types/index.ts'
import { DeadLetters } from '../../lib/src/streaming/index.ts'
import { loadConfig, openBrokersFor } from '../../lib/src/streaming/platform/index.ts'
import { qicore } from '../app/cli/qicore.ts'
import { platformDatabase } from '../support/database.ts'
import { startKafka } from '../support/kafka.ts'
import { startPlatform } from '../support/platformProcess.ts'
import { sharedRegistry } from '../support/registry.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const BAD = '{"coin_id":"bad","price":"1,5"}'

describeWith(['kafka', 'registry', 'kcat'], 'the platform with a schema registry', () => {
  test('stores framed records; a framed dead letter is corrected and replayed', async () => {
    const [kafka, url] = await Promise.all([startKafka(), sharedRegistry()])
    onTestFinished(() => kafka.stop())
    const cwd = await temporary('registry')
    const home = join(cwd, '.qicore')
    await writeFile(join(cwd, 'qicore.yaml'), 'sources: { simulated: { interval_ms: 100 } }\n')
    const { env: storeEnv, drop } = await platformDatabase()
    onTestFinished(drop)
    const env = { ...storeEnv, REDPANDA_BROKERS: kafka.brokers, SCHEMA_REGISTRY_URL: url }
    const platform = await startPlatform(cwd, { ...env, QICORE_SOURCES: 'simulated' })
    onTestFinished(() => platform.kill9())

    await until(async () => ((await platform.status()).consumers[0]?.written ?? 0) > 0, 'records stored')
    const kcat = ['-b', kafka.brokers, '-t', price.topic, '-C', '-e', '-q', '-o', 'beginning', '-c', '20', '-f', '%s|']
    const bytes = await until(async () => {
      const { stdout } = await promisify(execFile)('kcat', kcat, { encoding: 'latin1' })
      return stdout !== '' && stdout
    }, 'messages')
    expect(bytes).toMatch(/^(\0.{4}\{"coin_id":"[^|]*\}\|)+$/s)

    const tail = await qicore(['tail', 'price', '--from', 'earliest', '--count', '3', '--json'], { cwd, env })
    expect(tail.stdout.trim().split('\n')).toHaveLength(3)
    expect(tail.stdout).toMatch(/^\{"topic":"crypto-prices",.*"source":"simulated"/)
    // Doctor has a short timeout, and the first comparison of a registry on a busy machine is slow.
    const registryLine = await until(async () => {
      const doctor = await qicore(['doctor'], { cwd, env: { ...env, QICORE_PORT: '0' } })
      return /✔ schema registry .*/.exec(doctor.stdout)?.[0]
    }, 'doctor to find the registry well')
    expect(registryLine).toMatch(/ \S+ holds \d+ subjects?.*crypto-prices/)

    const { config } = loadConfig({ cwd, env })
    await using stream = await openBrokersFor(config, silentLogger)
    await stream.append(price.topic, [{ key: null, value: BAD }])
    const letters = new DeadLetters(stream)
    const [letter] = await until(async () => {
      const list = await letters.list()
      return list.length > 0 && list
    }, 'the dead letter')
    expect(letter).toMatchObject({ topic: price.topic, stage: 'store', value: BAD, encoding: 'utf8' })
    const [original] = await Array.fromAsync(
      stream.read({ topics: [`${price.topic}.dlq`], from: 'earliest', untilEnd: true }),
      (batch) => Buffer.from(batch.original(0)).toString('latin1'),
    )
    expect(original).toMatch(/^\0.{4}\{"coin_id":"bad"/s)

    const time = '2026-01-01T00:00:00Z'
    const mended = { coin_id: 'mended', source: 'test', time, received_at: time, origin: 'live', currency: 'usd', price: '1.5' }
    expect(await letters.replay({ entries: [{ ...letter!, value: JSON.stringify(mended) }] })).toMatchObject({ replayed: 1 })
    await using store = await openStore({ home, databaseUrl: storeEnv.DATABASE_URL })
    await until(async () => {
      const { rows } = await store.pool.query('select price::text from crypto_prices where coin_id = $1', ['mended'])
      return rows[0]?.price === '1.5'
    }, 'the corrected record')
    expect(await platform.stop()).toBe(0)
  })
})
