import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, constants as zlib } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { decimal, parseTime, type Trade } from '../../../lib/src/base/types/index.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/binance/parse/live.ts'
import { Instruments, type Listed } from '../../../lib/src/publishers/venue/index.ts'
import { type FakeVenueProcess, startFakeVenue } from '../../publishers/venue/fake/index.ts'
import { until } from '../../support/until.ts'
import { makeProject, type Project } from './project.ts'
import { failure, qicore, Running } from './qicore.ts'

const BTC: Listed = { symbol: 'BTCUSDT', coinId: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true }
const KEY = 'k3yOfTheTestsOnly0123456789'

let venue: FakeVenueProcess
let project: Project
beforeAll(async () => {
  venue = await startFakeVenue('binance')
  project = await makeProject(
    'record',
    `sources:
  binance:
    symbols: [BTC/USDT]
    channels: [trades]
    twin: false
    rest_url: ${venue.restUrl}
    ws_url: ${venue.wsUrl}
    api_key: ${KEY}
`,
  )
})
afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await venue[Symbol.asyncDispose]()
})

interface Frame {
  readonly at: string
  readonly direction: string
  readonly text: string
}

const textOf = async (file: string) =>
  gunzipSync(await readFile(join(project.cwd, file)), { finishFlush: zlib.Z_SYNC_FLUSH }).toString()
const framesOf = async (file: string) =>
  (await textOf(file))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Frame)

/** Texts of the trades that another client of the venue gets. */
async function listen() {
  const texts: string[] = []
  const socket = new WebSocket(venue.wsUrl)
  const live = Promise.withResolvers<void>()
  socket.on('open', () => socket.send('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}'))
  socket.on('message', (data) => {
    if (String(data).includes('"result"')) live.resolve()
    else texts.push(String(data))
  })
  await live.promise
  return { texts, [Symbol.dispose]: () => socket.terminate() }
}

test('each text is in the file as the exchange sent it, without the key, also before the end', async () => {
  using other = await listen()
  await venue.order({ do: 'rate', perSecond: 300 })
  const running = new Running(['record', 'binance', '-o', 'frames.ndjson.gz', '--json'], { cwd: project.cwd })
  const isTrade = ({ text }: Frame) => text.includes('"e":"trade"')
  await until(async () => (await framesOf('frames.ndjson.gz')).filter(isTrade).length > 50, 'trades in the file')
  await venue.order({ do: 'rate', perSecond: 0 })
  await venue.order({ do: 'send', text: `{"echo":"${KEY}"}` })
  await until(async () => (await textOf('frames.ndjson.gz')).includes('echo'), 'the last text')
  running.signal('SIGINT')
  const ended = await running.ended
  const frames = await framesOf('frames.ndjson.gz')
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining(`"messages":${frames.length},`) })
  expect(gunzipSync(await readFile(join(project.cwd, 'frames.ndjson.gz'))).toString()).not.toContain(KEY)
  const [first] = frames
  expect(first).toMatchObject({ direction: 'sent', at: expect.stringMatching(/^20\d\d-.*Z$/) })
  expect(first?.text).toContain('btcusdt@trade')
  const received = frames.filter(({ direction }) => direction === 'received').map(({ text }) => text)
  expect(received.at(-1)).toBe('{"echo":"[key]"}')
  const trades = frames.filter(isTrade).map(({ text }) => text)
  await until(() => other.texts.at(-1)?.includes('echo'), 'the last text of the other client')
  const sent = other.texts.slice(0, -1)
  expect(trades).toEqual(sent.slice(sent.indexOf(trades[0] as string)))
  // A recording is enough to make the records again.
  const map = mapperOf({ source: 'binance', instruments: new Instruments([BTC]) })
  const mapped = frames.filter(isTrade).flatMap(({ text, at }) => {
    const one = map(text, parseTime(at))
    return one?.kind === 'trades' ? (one.records as readonly Trade[]) : []
  })
  const url = `${venue.restUrl}/api/v3/historicalTrades?symbol=BTCUSDT&limit=1000&fromId=${mapped[0]?.tradeId}`
  const made = (await (await fetch(url)).json()) as { id: number; price: string; qty: string; time: number }[]
  expect(mapped.map(({ sequence, price, amount, time }) => [sequence, price, amount, time])).toEqual(
    made.slice(0, mapped.length).map(({ id, price, qty, time }) => [id, decimal(price), decimal(qty), time * 1000]),
  )
  expect(mapped).toHaveLength(trades.length)
})

test('the bounds end it by themselves', async () => {
  await venue.order({ do: 'rate', perSecond: 100 })
  const running = new Running(['record', 'binance', '-o', 'full.ndjson.gz', '--megabytes', '1'], { cwd: project.cwd })
  await until(async () => (await venue.state()).sockets > 0, 'the connection')
  // Texts that gzip cannot pack: the file grows as they do.
  for (let i = 0; i < 40; i++) await venue.order({ do: 'send', text: JSON.stringify(randomBytes(50_000).toString('base64')) })
  expect(await running.ended).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^written: .*full\.ndjson\.gz, \d+ messages, /),
  })
  expect((await stat(join(project.cwd, 'full.ndjson.gz'))).size).toBeLessThan(1_200_000)
  expect((await framesOf('full.ndjson.gz')).length).toBeGreaterThan(10)
})

test('an existing file, an unknown source and a source without sockets are refused', async () => {
  await writeFile(join(project.cwd, 'mine.gz'), 'mine')
  const run = async (...args: string[]) => failure(await qicore(['record', ...args, '--json'], { cwd: project.cwd }))
  expect(await run('binance', '-o', 'mine.gz')).toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/mine\.gz exists already .*name another file/),
  })
  expect(await readFile(join(project.cwd, 'mine.gz'), 'utf8')).toBe('mine')
  expect(await run('binanc', '-o', 'x.gz')).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/no source named binanc.*binance/),
  })
  expect(await run('simulated', '-o', 'x.gz')).toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('reads no sockets'),
  })
})
