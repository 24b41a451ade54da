import { describe, expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../lib/src/base/index.ts'
import { Connections } from '../../lib/src/streaming/embedded/connections.ts'
import { Listener } from '../../lib/src/streaming/embedded/listener.ts'
import { announce, decodeNotice, encodeNotice, type Notice } from '../../lib/src/streaming/embedded/notify.ts'
import { testDatabase } from '../support/database.ts'

const { url } = await testDatabase()

async function listening(connections: Connections): Promise<{ listener: Listener; heard: Notice[]; last: Promise<void> }> {
  const listener = new Listener(connections, silentLogger)
  await listener.open()
  onTestFinished(() => listener.close())
  const heard: Notice[] = []
  const last = Promise.withResolvers<void>()
  listener.hear((notice) => {
    if (notice) heard.push(notice)
    if (notice?.kind === 'topics') last.resolve()
  })
  return { listener, heard, last: last.promise }
}

describe('notices', () => {
  test('are read as they were written', () => {
    const all: Notice[] = [
      { kind: 'data', topics: [1, 23] },
      { kind: 'data', topics: [4], from: 'a-b-c' },
      { kind: 'group', group: 5 },
      { kind: 'topics' },
    ]
    expect(all.map((notice) => decodeNotice(encodeNotice(notice)))).toEqual(all)
    expect(decodeNotice('zebra')).toBeUndefined()
  })

  test('of a client reach its own ears at once and not again, and those of others', async () => {
    const connections = new Connections({ url: () => url, max: 2, lockTimeoutMs: 1000, logger: silentLogger })
    onTestFinished(() => connections.close())
    const own = await listening(connections)
    const other = await listening(connections)
    const notice: Notice = { kind: 'data', topics: [7] }
    own.listener.tell(notice)
    expect(own.heard).toEqual([notice])
    await connections.run(async (client) => {
      await announce(client, { ...notice, from: own.listener.self })
      await announce(client, { kind: 'topics' })
    })
    await Promise.all([own.last, other.last])
    expect(own.heard).toEqual([notice, { kind: 'topics' }])
    expect(other.heard).toEqual([{ ...notice, from: own.listener.self }, { kind: 'topics' }])
  })
})
