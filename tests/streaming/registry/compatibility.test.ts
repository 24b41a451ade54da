import { beforeAll, expect, test } from 'vitest'
import { recordTypes } from '../../../lib/src/base/types/index.ts'
import { optional, text } from '../../../lib/src/base/types/records/fields.ts'
import { sharedRegistry } from '../../support/registry.ts'
import { describeWith } from '../../support/services.ts'
import { askRegistry, failure, priceOn, registryFor, uniqueTopic } from './setup.ts'

const idIn = (frame: Uint8Array | undefined): number => Buffer.from(frame ?? []).readUInt32BE(1)

describeWith('registry', 'schemas in a registry', () => {
  let url: string
  beforeAll(async () => {
    url = await sharedRegistry()
  })
  const level = async (topic: string) => (await askRegistry(url, `/config/${topic}-value`)).compatibilityLevel
  const versions = async (topic: string) => await askRegistry(url, `/subjects/${topic}-value/versions`)

  test('every record type can be registered, and every process gets the same ids', async () => {
    await using first = registryFor(url)
    await using second = registryFor(url)
    for (const type of Object.values(recordTypes)) {
      const frame = await first.frame(type.topic)
      expect(frame).toHaveLength(5)
      expect(frame?.[0]).toBe(0)
      expect(await second.frame(type.topic)).toEqual(frame)
      const held = await askRegistry(url, `/schemas/ids/${idIn(frame)}`)
      expect(held.schemaType).toBe('JSON')
      const schema = JSON.parse(String(held.schema)) as Record<string, unknown>
      expect(schema).toMatchObject({ title: type.name, additionalProperties: false })
      expect(Object.keys(schema.properties as object)).toEqual(type.fields.map(({ name }) => name))
    }
  })

  test('a topic without a record type has no frame', async () => {
    await using registry = registryFor(url)
    expect(await registry.frame('crypto-prices.dlq')).toBeUndefined()
  })

  test('a new subject is set to BACKWARD; one with another level keeps it unless the settings say otherwise', async () => {
    const [fresh, strict] = [uniqueTopic(), uniqueTopic()]
    await using plain = registryFor(url, priceOn(fresh))
    await plain.frame(fresh)
    expect(await level(fresh)).toBe('BACKWARD')

    await using set = registryFor(url, priceOn(strict), { compatibility: 'FULL' })
    await set.frame(strict)
    expect(await level(strict)).toBe('FULL')
    await using again = registryFor(url, priceOn(strict))
    await again.frame(strict)
    expect(await level(strict)).toBe('FULL')
  })

  const withNote = (topic: string) => priceOn(topic, (fields) => ({ ...fields, note: optional(text('new')) }))

  test.each(['BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE'] as const)(
    'under %s an optional field may be added later, and the earlier version can still write',
    async (compatibility) => {
      const topic = uniqueTopic()
      await using before = registryFor(url, priceOn(topic), { compatibility })
      const old = await before.frame(topic)
      await using after = registryFor(url, withNote(topic))
      expect(await after.check([topic])).toMatchObject({ ok: true })
      expect(idIn(await after.frame(topic))).not.toBe(idIn(old))
      await using rolledBack = registryFor(url, priceOn(topic))
      expect(await rolledBack.check([topic])).toMatchObject({ ok: true })
      expect(await rolledBack.frame(topic)).toEqual(old)
    },
  )

  test('under FULL no field may be added to a JSON Schema, and the error says which level allows it', async () => {
    const topic = uniqueTopic()
    await using before = registryFor(url, priceOn(topic), { compatibility: 'FULL' })
    await before.frame(topic)
    await using after = registryFor(url, withNote(topic))
    expect(await failure(after.frame(topic))).toMatchObject({
      code: 'CONFLICT',
      field: 'note',
      message: expect.stringMatching(/note is new, where no other field was allowed; .*COMPATIBILITY=BACKWARD or FORWARD$/),
    })
    await using backward = registryFor(url, withNote(topic), { compatibility: 'BACKWARD' })
    expect(await backward.frame(topic)).toHaveLength(5)
  })

  test('a subject whose level changes keeps its schema', async () => {
    const topic = uniqueTopic()
    await using before = registryFor(url, priceOn(topic))
    const old = await before.frame(topic)
    await using forward = registryFor(url, priceOn(topic), { compatibility: 'FORWARD' })
    expect(await forward.frame(topic)).toEqual(old)
    expect(await forward.check([topic])).toMatchObject({ ok: true, summary: expect.stringContaining('FORWARD') })
  })

  test('an incompatible schema is refused with field and remedy, and check() reports it before', async () => {
    const topic = uniqueTopic()
    await using before = registryFor(url, priceOn(topic))
    await before.frame(topic)
    const changed = priceOn(topic, ({ price: _, ...fields }) => ({ ...fields, price: text('now any text'), note: text('new') }))
    await using after = registryFor(url, changed)

    const foreseen = await after.check([topic])
    expect(foreseen).toMatchObject({ ok: false, error: { code: 'CONFLICT', field: 'price' } })
    expect(foreseen.remedy).toContain('SCHEMA_REGISTRY_COMPATIBILITY=NONE')
    expect(await failure(after.frame(topic))).toMatchObject({
      code: 'CONFLICT',
      retryable: false,
      field: 'price',
      message: expect.stringMatching(
        /price was .*pattern.* and is .*, note is new and required; .*SCHEMA_REGISTRY_COMPATIBILITY=NONE/,
      ),
    })
    expect(after.trouble).toMatchObject({ code: 'CONFLICT' })
    expect(await versions(topic)).toEqual([1])

    await using forced = registryFor(url, changed, { compatibility: 'NONE' })
    await forced.frame(topic)
    expect(await versions(topic)).toEqual([1, 2])
    await using next = registryFor(url, changed)
    await next.frame(topic)
    expect(await level(topic)).toBe('BACKWARD')
  })

  test('a subject with another schema type is refused', async () => {
    const topic = uniqueTopic()
    const avro = { schema: JSON.stringify({ type: 'record', name: 'price', fields: [{ name: 'price', type: 'double' }] }) }
    const response = await fetch(`${url}/subjects/${topic}-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify(avro),
    })
    expect(response.status).toBe(200)
    await using registry = registryFor(url, priceOn(topic))
    expect(await failure(registry.frame(topic))).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('schemaType was AVRO and is JSON'),
    })
  })

  test('check() reports the registry’s subjects and changes nothing', async () => {
    const topic = uniqueTopic()
    await using registry = registryFor(url, priceOn(topic))
    expect(await registry.check([topic])).toMatchObject({ ok: true, summary: expect.stringContaining(', 0 of ours') })
    await registry.frame(topic)
    expect(await registry.check([topic])).toMatchObject({
      ok: true,
      summary: expect.stringContaining(`, 1 of ours (BACKWARD: ${topic})`),
      details: { [`${topic}-value`]: 'BACKWARD' },
    })
  })
})
