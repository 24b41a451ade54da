import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../bench/freePort.ts'
import type { Incident } from '../../lib/src/base/agent/index.ts'
import { flood, storedOfFlood, whileFloodWaits, wholeFlood } from '../platform/flood.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { type HostedAgents, hostedAgents } from './hostedAgents.ts'

interface Report {
  readonly status: string
  readonly consumers: readonly { readonly members: number; readonly lag: number }[]
  readonly restarts: readonly { readonly of: string; readonly what: string }[]
  readonly scalings: readonly { readonly of: string; readonly what: string }[]
  readonly incidents: readonly Incident[]
  readonly text: string
}

const { url } = await testDatabase()
const provider = async (): Promise<Server> => {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return server
}
const gone = async (server: Server) => {
  server.close().closeAllConnections()
  await once(server, 'close')
}
const port = await freePort()
let server: Server
let hosted: HostedAgents
beforeAll(async () => {
  server = await provider()
  hosted = await hostedAgents({
    databaseUrl: url,
    yaml: `sources: { coingecko: { base_url: "http://127.0.0.1:${port}" } }
agents:
  crypto-platform:
    { restart_after_seconds: 0, restarts: 2, scale_up_lag: 1000, scale_up_after_seconds: 0, scale_down_lag: 0, scale_down_after_seconds: 0 }`,
  })
})
afterAll(async () => {
  await hosted?.[Symbol.asyncDispose]()
  server.close()
})

const run = async <T = Report>(workflow = 'main', input: object = {}): Promise<T> => {
  const agent = await hosted.host.agent('crypto-platform')
  return (await (
    await agent.submit(workflow, input)
  ).result) as T
}
const incidents = (part: string) => run<{ incidents: Incident[]; text: string }>('incidents', { part })

test('a provider that dies: its source is restarted twice, then left alone; and the incident ends when it is back', async () => {
  const { platform } = hosted
  const source = () => platform.health().then(({ parts }) => parts.find(({ name }) => name === 'source coingecko'))
  await platform.startSource('coingecko')
  await until(async () => (await source())?.status === 'up', 'the source to run')
  await gone(server)
  await platform.restartPart('source coingecko') // it asks its provider at once
  await until(async () => (await source())?.status === 'degraded', 'the source to miss its provider')

  const first = await run()
  expect(first).toMatchObject({ status: 'degraded', restarts: [{ of: 'source coingecko' }] })
  await until(async () => (await run()).incidents.some(({ done }) => done.length === 3), 'nothing more to be tried')
  const left = await incidents('source coingecko')
  expect(left.incidents[0]).toMatchObject({ part: 'source coingecko', code: 'UNAVAILABLE', status: 'degraded', until: null })
  expect(left.incidents[0]?.done.map(({ what }) => what)).toEqual([
    expect.stringMatching(/^restarted: UNAVAILABLE for \d+ s$/),
    expect.stringMatching(/^restarted: UNAVAILABLE for \d+ s$/),
    'left as it is: restarted 2 times in vain',
  ])

  server = await provider()
  await platform.restartPart('source coingecko')
  await until(async () => (await source())?.status === 'up', 'the source to be well')
  await run()
  const { incidents: ended, text } = await incidents('source coingecko')
  expect(ended.filter(({ until: end }) => end === null)).toEqual([])
  expect(ended.at(-1)).toMatchObject({ ending: 'it is well again' })
  expect(text).toMatch(/source coingecko was degraded from .*UNAVAILABLE: .*restarted: .*It ended at .*: it is well again\./)
  await platform.stopSource('coingecko')
})

test('a flood: members join while records wait and leave again, each record is stored once, and the incident is explained', async () => {
  const { platform } = hosted
  const waiting = async () => {
    const lags = await platform.stream.lag('qicore-crypto-data')
    return lags.reduce((sum, { lag }) => sum + Number(lag), 0)
  }
  await whileFloodWaits(platform.store, 5000, async () => {
    await flood(platform.stream, 5000)
    const report = await run()
    expect(report.consumers).toEqual([{ consumer: 'crypto-data', members: 1, lag: 5000 }])
    expect(report.scalings).toMatchObject([
      { of: 'crypto-data', what: expect.stringMatching(/^1 → 2 readers: 5000 records wait/) },
    ])
    expect(platform.getStatus().consumers).toMatchObject([{ members: 2 }])
    expect((await run()).scalings).toEqual([]) // two partitions, two readers
  })
  await until(async () => {
    const [{ members } = { members: [] }] = await platform.stream.describeGroups(['qicore-crypto-data'])
    const reading = members.filter(({ assignments }) => assignments.some(({ topic }) => topic === 'crypto-prices'))
    return reading.length === 2
  }, 'both to have a partition')
  await until(async () => (await storedOfFlood(platform.store)).rows >= 5000, 'all to be stored')
  expect(await storedOfFlood(platform.store)).toEqual(wholeFlood(5000))
  await until(async () => (await waiting()) === 0, 'all to be acknowledged')

  await until(async () => (await run()).scalings.some(({ what }) => what.startsWith('2 → 1 reader:')), 'a reader to leave')
  expect(platform.getStatus().consumers).toMatchObject([{ members: 1 }])
  expect((await run()).scalings).toEqual([])
  const { incidents: told, text } = await incidents('lag of crypto-data')
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({
    code: 'LAG',
    why: '5000 records wait for 1 reader, more than 1000 for each',
    ending: '0 records wait',
  })
  expect(told[0]?.done.map(({ what }) => what.slice(0, 12))).toEqual(['1 → 2 reader', 'no reader jo', '2 → 1 reader'])
  expect(text).toMatch(/^lag of crypto-data was degraded from .*1 → 2 readers.*2 → 1 reader:.*It ended at .*: 0 records wait\.$/)

  await flood(platform.stream, 10)
  await until(async () => (await waiting()) === 0, 'the one that is left to store')
})
