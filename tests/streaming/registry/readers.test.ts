import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { ConfluentSchemaRegistry, Consumer } from '@platformatic/kafka'
import { expect, onTestFinished, test } from 'vitest'
import { type Price, type RecordType, silentLogger } from '../../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../../lib/src/publishers/index.ts'
import { QueueSource } from '../../publishers/queueSource.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { sharedRegistry } from '../../support/registry.ts'
import { describeWith } from '../../support/services.ts'
import { temporary } from '../../support/temporary.ts'
import { openFramed, priceOn, registryFor, somePrice, uniqueTopic } from './setup.ts'

const run = promisify(execFile)
const PAGE = new URL('../../../docs/schema-registry.md', import.meta.url)

/** The first code block of a language on the docs page. */
async function codeOf(language: string): Promise<string> {
  const [, code] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(await readFile(PAGE, 'utf8')) ?? []
  return code as string
}

/** Publishes prices with the registry to a topic of the test's own. */
async function published(brokers: string, url: string, count: number): Promise<{ topic: string; type: RecordType<Price> }> {
  const topic = uniqueTopic()
  const type = priceOn(topic)
  await using stream = await openFramed(brokers, registryFor(url, type))
  await stream.createTopics([topic], { partitions: 1 })
  const source = new QueueSource()
  source.push({ type: type as never, records: Array.from({ length: count }, (_, i) => somePrice(i)) }).end()
  await new CryptoDataPublisher({ source, stream, logger: silentLogger }).run()
  return { topic, type }
}

/** Runs a program on kcat's output of a topic. */
async function piped(brokers: string, topic: string, program: string, args: readonly string[]): Promise<string> {
  const kcat = spawn('kcat', ['-b', brokers, '-t', topic, '-C', '-e', '-q', '-o', 'beginning', '-f', '%R%s'])
  const reader = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  kcat.stdout.pipe(reader.stdin)
  const [output] = await Promise.all([text(reader.stdout), once(kcat, 'close'), once(reader, 'close')])
  return output
}

describeWith(['kafka', 'registry', 'kcat'], 'framed records', () => {
  test('other programs see five bytes and the JSON, and our readers see the records', async () => {
    const [brokers, url] = [await sharedKafka(), await sharedRegistry()]
    const { topic, type } = await published(brokers, url, 3)
    const raw = spawn('kcat', ['-b', brokers, '-t', topic, '-C', '-e', '-q', '-o', 'beginning', '-c', '1', '-D', ''])
    const bytes = Buffer.from(await text(raw.stdout.setEncoding('latin1')), 'latin1')
    const registry = registryFor(url, type)
    expect(bytes.subarray(0, 5)).toEqual(await registry.frame(topic))
    expect(JSON.parse(bytes.subarray(5).toString())).toEqual(type.toWire(somePrice(0)))

    // A reader needs no registry: the one of this reader does not answer.
    await using stream = await openFramed(brokers, registryFor('http://127.0.0.1:1', type))
    const records: Price[] = []
    for await (const batch of stream.read({ topics: [topic], from: 'earliest', untilEnd: true }))
      for (const { record } of batch.decode(type)) if (record) records.push(record)
    expect(records).toEqual([0, 1, 2].map(somePrice))
  })

  test('another client reads them by the schema that it fetches', async () => {
    const [brokers, url] = [await sharedKafka(), await sharedRegistry()]
    const { topic, type } = await published(brokers, url, 2)
    const registry = new ConfluentSchemaRegistry({ url, jsonAjvOptions: { strict: false } })
    const consumer = new Consumer({
      clientId: 'other',
      groupId: topic,
      bootstrapBrokers: brokers.split(','),
      beforeDeserialization: registry.getBeforeDeserializationHook(),
      deserializers: { value: registry.getDeserializers().value },
    })
    onTestFinished(() => consumer.close(true))
    const messages = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
    const values: unknown[] = []
    for await (const { value } of messages) if (values.push(value) === 2) break
    expect(values).toEqual([type.toWire(somePrice(0)), type.toWire(somePrice(1))])
  })
})

describeWith(['kafka', 'registry', 'kcat', 'python3'], 'the reader in Python', () => {
  test('prints the prices and the name of the fetched schema', async () => {
    const [brokers, url] = [await sharedKafka(), await sharedRegistry()]
    const { topic } = await published(brokers, url, 2)
    const file = join(await temporary('python'), 'prices.py')
    await writeFile(file, await codeOf('python'))
    expect(await piped(brokers, topic, 'python3', [file, url])).toBe(
      'price queue coin0 0.12345678901234567891 usd 2026-01-01T00:00:00Z\n' +
        'price queue coin1 1.12345678901234567891 usd 2026-01-01T00:00:01Z\n',
    )
  })
})

describeWith(['kafka', 'registry', 'kcat', 'go'], 'the reader in Go', () => {
  test('compiles and prints the prices', async () => {
    const [brokers, url] = [await sharedKafka(), await sharedRegistry()]
    const { topic } = await published(brokers, url, 1)
    const folder = await temporary('go')
    await writeFile(join(folder, 'prices.go'), await codeOf('go'))
    await run('go', ['build', '-o', 'prices', 'prices.go'], { cwd: folder, env: { ...process.env, GOTOOLCHAIN: 'local' } })
    expect(await piped(brokers, topic, join(folder, 'prices'), [])).toMatch(
      /^\d+ queue coin0 0\.12345678901234567891 usd 2026-01-01T00:00:00Z\n$/,
    )
  })
})
