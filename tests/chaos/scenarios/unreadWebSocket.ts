import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { dialWebSocket, flood, frame, PING, TEXT } from '../../support/rawWebSocket.ts'
import type { Scenario } from '../scenario.ts'
import { underLoad } from '../underLoad.ts'
import { watch } from '../watch.ts'

/** Memory that the silent clients may cost while they are there, and after they have gone, in MB. */
const MOST_MB = 200

const subscribe = '{"type":"subscribe","channel":"prices"}'

/** Clients that subscribe, or ask, and never read. */
export const scenario: Scenario = {
  name: 'unread-web-socket',
  summary: 'WebSocket clients that do not read: all is stored, others are served, and memory stays bounded',
  run: (context) =>
    underLoad(context, { name: 'unread-web-socket' }, async ({ platform, stored, wait }) => {
      const url = new URL(platform().url)
      const rssMb = async () => {
        const status = await readFile(`/proc/${platform().pid}/status`, 'utf8').catch(() => '')
        return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
      }
      await using stack = new AsyncDisposableStack()
      const reader = new WebSocket(new URL('/ws', url.href.replace('http', 'ws')))
      stack.defer(() => reader.terminate())
      let records = 0
      let dropped = 0
      reader.on('open', () => reader.send('{"type":"subscribe","channel":"prices","batch":true}'))
      reader.on('message', (text) => {
        const message = JSON.parse(String(text)) as { type: string; data?: unknown[]; records?: number }
        if (message.type === 'records') records += message.data?.length ?? 0
        if (message.type === 'dropped') dropped += message.records ?? 0
      })
      await wait(() => records > 0, 'the first record for a client that reads')
      const before = await rssMb()
      const watching = watch(new URL('/api/v1/prices/latest?limit=1', url).href)
      const silent: Socket[] = []
      const dial = async (): Promise<Socket> => {
        const socket = await dialWebSocket(Number(url.port))
        silent.push(socket)
        stack.defer(() => void socket.destroy())
        return socket
      }
      for (let i = 0; i < 10; i++) (await dial()).write(frame(TEXT, subscribe))
      const ping = JSON.stringify({ type: 'ping', id: 'x'.repeat(99) })
      const messages = [frame(TEXT, ping), frame(TEXT, '{'), frame(PING, 'x'.repeat(120))]
      const taken = await Promise.all(
        messages.map(async (message) =>
          flood(await dial(), Buffer.concat(Array<Buffer>(500).fill(message)), { most: 100_000_000 }),
        ),
      )
      context.say(
        `${silent.length} clients do not read, at ${await stored()} stored; of three that send ${taken.join(', ')} bytes were read`,
      )
      const [storedThen, recordsThen] = [await stored(), records]
      await setTimeout(context.seconds * 1000)
      await wait(async () => (await stored()) > storedThen && records > recordsThen, 'more to be stored and told')
      const meanwhile = await rssMb()
      for (const socket of silent) socket.destroy()
      const { asked, slowestMs, failed } = await watching.stop()
      return {
        asked,
        slowestMs,
        rssMb: [before, meanwhile],
        problems: [
          failed.length > 0 && `others were not served: ${failed.slice(0, 3).join('; ')}`,
          dropped > 0 && `a client that reads lost ${dropped} records`,
          meanwhile - before > MOST_MB && `memory grew from ${before} to ${meanwhile} MB`,
        ],
      }
    }),
}
