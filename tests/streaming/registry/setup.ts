import { randomUUID } from 'node:crypto'
import { decimal, type Price, price, RecordType } from '../../../lib/src/base/types/index.ts'
import {
  openRedpanda,
  parseRedpandaConfig,
  SchemaRegistry,
  SchemaRegistryConfig,
} from '../../../lib/src/streaming/redpanda/index.ts'

type Fields = ConstructorParameters<typeof RecordType>[0]['fields']

/** A record type like price on its own topic, with other fields if given. */
export function priceOn(topic: string, change: (fields: Fields) => Fields = (fields) => fields): RecordType<Price> {
  const { name, summary, key, ahead } = price
  return new RecordType<Price>({ name, summary, key, ahead, topic, fields: change(price.schema.shape as Fields) })
}

/** The `n`th price of a made-up market. */
export const somePrice = (n: number): Price => ({
  coinId: `coin${n}`,
  source: 'queue',
  time: (1_767_225_600 + n) * 1_000_000,
  receivedAt: (1_767_225_600 + n) * 1_000_000 + 1,
  origin: 'live',
  currency: 'usd',
  price: decimal(`${n}.12345678901234567891`),
})

export const uniqueTopic = (): string => `prices-${randomUUID().slice(0, 8)}`

export function registryFor(
  url: string,
  type?: RecordType<Price>,
  settings: Partial<Record<keyof SchemaRegistryConfig, unknown>> = {},
): SchemaRegistry {
  const typeOf = type && ((topic: string) => (topic === type.topic ? (type as unknown as RecordType) : undefined))
  return new SchemaRegistry(url, SchemaRegistryConfig.parse(settings), { ...(typeOf && { catalogue: { typeOf } }) })
}

export const openFramed = (brokers: string, registry: SchemaRegistry) =>
  openRedpanda(parseRedpandaConfig({ brokers }), { registry })

/** Sends a request to the registry's API. @returns its answer */
export async function askRegistry(url: string, path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url + path)).json()) as Record<string, unknown>
}

export const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => error,
  )
