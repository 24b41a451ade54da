import { describe, expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../lib/src/base/types/index.ts'
import { Connections } from '../../../lib/src/streaming/embedded/Connections.ts'
import { Listener } from '../../../lib/src/streaming/embedded/Listener.ts'
import { announce, decodeNotice, encodeNotice, type Notice } from '../../../lib/src/streaming/embedded/notify.ts'
import { testDatabase } from '../../support/database.ts'

const { url } = await testDatabase()

async function listen(connections: Connections): Promise<{ listener: Listener; received: Notice[]; last: Promise<void> }> {
  const listener = new Listener(connections, silentLogger)
  await listener.open()
  onTestFinished(() => listener.close())
  const received: Notice[] = []
  const last = Promise.withResolvers<void>()
  listener.subscribe((notice) => {
    if (notice) received.push(notice)
    if (notice?.kind === 'topics') last.resolve()
  })
  return { listener, received, last: last.promise }
}

describe('notices', () => {
  test('are decoded as they were encoded; an unknown one is undefined', () => {
    const all: Notice[] = [
      { kind: 'data', topics: [1, 23] },
      { kind: 'data', topics: [4], from: 'a-b-c' },
      { kind: 'group', group: 5 },
      { kind: 'topics' },
    ]
    expect(all.map((notice) => decodeNotice(encodeNotice(notice)))).toEqual(all)
    expect(decodeNotice('zebra')).toBeUndefined()
  })

  test('reach the client’s own subscribers at once and only once, and other clients through the server', async () => {
    const connections = new Connections({ url: () => url, max: 2, lockTimeoutMs: 1000, logger: silentLogger })
    onTestFinished(() => connections.close())
    const own = await listen(connections)
    const other = await listen(connections)
    const notice: Notice = { kind: 'data', topics: [7] }
    own.listener.emit(notice)
    expect(own.received).toEqual([notice])
    await connections.run(async (client) => {
      await announce(client, { ...notice, from: own.listener.self })
      await announce(client, { kind: 'topics' })
    })
    await Promise.all([own.last, other.last])
    expect(own.received).toEqual([notice, { kind: 'topics' }])
    expect(other.received).toEqual([{ ...notice, from: own.listener.self }, { kind: 'topics' }])
  })
})
