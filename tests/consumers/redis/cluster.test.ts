import { afterAll, beforeAll, expect, test } from 'vitest'
import { price } from '../../../lib/src/base/types/index.ts'
import { slotOf } from '../../../lib/src/consumers/sinks/redis/slots.ts'
import { aPrice, MONDAY } from '../../database/records.ts'
import { type RedisClient, startRedisCluster } from '../../support/redis.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { keptBy, openRedis, write } from './open.ts'

const COINS = 60
const prices = (seen: number, figure: string) =>
  Array.from({ length: COINS }, (_, i) =>
    aPrice({ coinId: i % 2 ? `coin-${i}` : `{größe}:${i}`, receivedAt: MONDAY + seen, price: figure }),
  )

describeWith('redis', 'a cluster of redis', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>
  let clients: readonly RedisClient[]
  beforeAll(async () => {
    cluster = await startRedisCluster()
    clients = await Promise.all(cluster.servers.map((server) => server.client()))
  })
  afterAll(() => cluster.stop())

  const keys = async (prefix: string) => {
    const kept = await Promise.all(clients.map((client) => keptBy(client, `${prefix}:*`)))
    return { kept, all: kept.flatMap((some) => [...some.values()]) }
  }

  test('keeps series on all of its servers, the latest of each', async () => {
    await using sink = await openRedis({ cluster: cluster.urls.slice(0, 1), prefix: 'all', notify: 'pubsub' })
    const heard: string[] = []
    const reader = await (cluster.servers[2] as (typeof cluster.servers)[0]).client()
    await reader.pSubscribe('all:price:*', (_, channel) => heard.push(channel))
    expect(await write(sink, price, prices(2, '2'))).toMatchObject({ written: COINS, failed: [] })
    expect(await write(sink, price, [...prices(1, '1'), ...prices(2, '2')])).toMatchObject({ written: 0, overwritten: 2 * COINS })
    const { kept, all } = await keys('all')
    for (const some of kept) expect(some.size).toBeGreaterThan(5)
    expect(all).toHaveLength(COINS)
    expect(new Set(all.map((record) => record.price))).toEqual(new Set(['2']))
    await until(() => heard.length === COINS, 'a message of each series')
    expect(await sink.check()).toMatchObject({ ok: true })
  })

  test('computes the same slots as its servers', async () => {
    const [client] = clients as [RedisClient]
    for (const key of ['', 'a', 'qicore:price:coingecko:bitcoin:usd', 'größe:%7B', 'x'.repeat(300)])
      expect(slotOf(key)).toBe(await client.sendCommand(['CLUSTER', 'KEYSLOT', key]))
  })

  test('is recognised where url names one of its servers', async () => {
    await using sink = await openRedis({ url: cluster.urls[0], prefix: 'single' })
    await expect(write(sink, price, prices(1, '1'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/name its servers in destinations\.desk\.cluster instead of destinations\.desk\.url/),
    })
  })

  test('a killed server of it is a retryable failure until it is back', async () => {
    await using sink = await openRedis({ cluster: cluster.urls, prefix: 'killed', timeout: '2s' })
    await write(sink, price, prices(1, '1'))
    const victim = cluster.servers[1] as (typeof cluster.servers)[0]
    await victim.kill9()
    await expect(write(sink, price, prices(2, '2'))).rejects.toMatchObject({ retryable: true })
    await victim.restart()
    clients = await Promise.all(cluster.servers.map((server) => server.client()))
    await until(
      () =>
        write(sink, price, prices(3, '3')).then(
          () => true,
          () => false,
        ),
      'the cluster to take records again',
    )
    expect(new Set((await keys('killed')).all.map((record) => record.price))).toEqual(new Set(['3']))
  })
})
