import { ConfluentSchemaRegistry, Consumer } from '@platformatic/kafka'
import { expect, onTestFinished, test } from 'vitest'
import { parseExactJson, price, type RecordType, TopicCatalogue } from '../../../lib/src/base/types/index.ts'
import { optional, text } from '../../../lib/src/base/types/records/fields.ts'
import { schemaIdOf } from '../../../lib/src/base/types/wire/index.ts'
import { DeadLetters, topicSink } from '../../../lib/src/streaming/pipelines/index.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { sharedRegistry } from '../../support/registry.ts'
import { describeWith } from '../../support/services.ts'
import { openFramed, priceOn, registryFor, somePrice, uniqueTopic } from './setup.ts'

const NOTE = 'not known to the version before'

describeWith(
  ['kafka', 'registry'],
  'a record with a field of a later version, passed on by a process that does not know it',
  () => {
    test('keeps the id of the schema that allows the field, so that strict readers accept it', async () => {
      const [brokers, url] = [await sharedKafka(), await sharedRegistry()]
      const [topic, copy] = [uniqueTopic(), uniqueTopic()]
      await using older = await openFramed(brokers, registryFor(url, priceOn(topic)))
      await using copying = await openFramed(brokers, registryFor(url, priceOn(copy)))
      await older.createTopics([topic, copy], { partitions: 1 })
      const append = async (stream: typeof older, value: string) => stream.append(topic, [{ key: 'queue:coin', value }])
      await append(older, price.encode(somePrice(0)))
      const newer = await openFramed(
        brokers,
        registryFor(
          url,
          priceOn(topic, (fields) => ({ ...fields, note: optional(text('new')) })),
        ),
      )
      onTestFinished(() => newer.close())
      await append(newer, JSON.stringify({ ...price.toWire(somePrice(1)), note: NOTE }))

      const read = async (from: string) => {
        const found: { readonly json: string; readonly schema: number | undefined }[] = []
        for await (const batch of older.read({ topics: [from], from: 'earliest', untilEnd: true }))
          for (let i = 0; i < batch.length; i++)
            found.push({ json: Buffer.from(batch.value(i)).toString(), schema: schemaIdOf(batch.original(i)) })
        return found
      }
      const [first, second] = await read(topic)
      expect(second?.schema).not.toBe(first?.schema)

      const sink = topicSink({ stream: copying, topic: copy, type: price as unknown as RecordType })
      for await (const batch of older.read({ topics: [topic], from: 'earliest', untilEnd: true }))
        await sink.writeEncoded?.(price as unknown as RecordType, [batch])
      expect(await read(copy)).toEqual([first, second])

      const letters = new DeadLetters(older, new TopicCatalogue([[topic, 'price']]))
      for await (const batch of older.read({ topics: [topic], from: 'earliest', untilEnd: true }))
        for (let i = 0; i < batch.length; i++)
          await letters.put([
            {
              topic,
              stage: 'store',
              reason: 'refused',
              attempts: 1,
              key: null,
              value: batch.original(i),
              offset: batch.offset(i),
            },
          ])
      const ids = (await letters.list({ topic })).map(({ id }) => id)
      expect(await letters.replay({ ids })).toEqual({ replayed: 2, refused: [] })
      const all = await read(topic)
      expect(all.map(({ schema }) => schema)).toEqual([first, second, first, second].map((one) => one?.schema))
      expect(parseExactJson(all[3]?.json ?? '')).toEqual(parseExactJson(second?.json ?? ''))

      // Ajv validates each value against the schema that it names.
      const registry = new ConfluentSchemaRegistry({ url, jsonAjvOptions: { strict: false } })
      const consumer = new Consumer({
        clientId: 'strict',
        groupId: topic,
        bootstrapBrokers: brokers.split(','),
        beforeDeserialization: registry.getBeforeDeserializationHook(),
        deserializers: { value: registry.getDeserializers().value },
      })
      onTestFinished(() => consumer.close(true))
      const messages = await consumer.consume({ topics: [topic, copy], mode: 'earliest', autocommit: false })
      const notes: unknown[] = []
      for await (const { value } of messages) if (notes.push((value as unknown as { note?: string }).note) === 6) break
      expect(notes.filter((note) => note !== undefined)).toEqual([NOTE, NOTE, NOTE])
    })
  },
)
