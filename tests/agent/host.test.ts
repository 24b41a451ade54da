import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { BaseAgent, defineAgent, defineWorkflow } from '../../lib/src/base/agent/index.ts'
import { type Decimal, parseTime, price, type QiError } from '../../lib/src/base/types/index.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { type HostedAgents, hostedAgents } from './hostedAgents.ts'

const at = parseTime('2026-01-01T00:00:00Z')
const recorder = defineAgent({
  name: 'recorder',
  summary: 'Publishes a price',
  config: z.object({ coin: z.string().default('acorn') }),
  create({ coin }, parts) {
    const record = (value: string) => ({
      coinId: coin,
      source: 'recorder',
      currency: 'usd',
      time: at,
      receivedAt: at,
      origin: 'live' as const,
      price: value as Decimal,
    })
    const main = defineWorkflow({
      name: 'record-price',
      summary: 'Publishes a price',
      input: z.object({ price: z.string() }),
      output: z.object({ published: z.int() }),
      steps: (start) =>
        start.step('publish', async (input) => {
          await parts.publish(price, [record(input.price)])
          return { published: 1 }
        }),
    })
    return new (class extends BaseAgent {
      readonly workflows = { main }
    })({ name: 'recorder', logger: parts.logger })
  },
})

const { url } = await testDatabase()
let hosted: HostedAgents
beforeAll(async () => {
  hosted = await hostedAgents({ databaseUrl: url, definitions: { recorder } })
})
afterAll(() => hosted[Symbol.asyncDispose]())

describe('a host of agents', () => {
  test('has a workflow of an agent carried out, whose records are stored like any others', async () => {
    const agent = await hosted.host.agent('recorder')
    const run = await agent.submit('main', { price: '1.5' })
    expect(await run.result).toEqual({ published: 1 })
    await until(async () => {
      const { rows } = await hosted.platform.store.pool.query("select price::text from crypto_prices where coin_id = 'acorn'")
      return rows[0]?.price === '1.5'
    }, 'the price in the store')
    expect(agent.status()).toMatchObject({ name: 'recorder', state: 'idle', workflows: ['main'] })
    expect(await hosted.host.health()).toMatchObject([{ name: 'agent recorder', status: 'up' }])
  })

  test('sets aside what is no record, and says so', async () => {
    const agent = await hosted.host.agent('recorder')
    const run = await agent.submit('main', { price: 'much' })
    await expect(run.result).rejects.toThrow(/recorder: 1 of 1 price records are invalid; see crypto-prices.dlq/)
  })

  test('refuses what there is not, with what there is', async () => {
    await expect(hosted.host.agent('recoder')).rejects.toThrow(
      /no agent named "recoder"; there are recorder.*did you mean recorder/,
    )
    const agent = await hosted.host.agent('recorder')
    await expect(agent.submit('mian', {})).rejects.toThrow(/recorder has no workflow "mian"; it has main/)
    await expect(agent.submit('main', {})).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      field: 'price',
    } satisfies Partial<QiError>)
  })
})
