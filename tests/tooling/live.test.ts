import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/freePort.ts'
import type { Decimal } from '../../lib/src/base/types/index.ts'
import { appendPrices, type Engines, openEngines, platformOf, priceOf, serving } from '../app/server/served.ts'
import { testDatabase } from '../support/database.ts'

const { url: database } = await testDatabase()
let engines: Engines
let page: string
beforeAll(async () => {
  engines = await openEngines(database)
  page = await readFile(resolve(import.meta.dirname, '../../docs/live.md'), 'utf8')
})
afterAll(() => engines[Symbol.asyncDispose]())

const figures = (coinId: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    priceOf(coinId, { price: String(from + i) as Decimal, time: 1_700_000_000_000_000 + from + i }),
  )

test.each([
  ['live.js', process.execPath],
  ['live.py', 'python3'],
])('%s of docs/live.md resumes: three restarts of the server cost it nothing', async (file, program) => {
  const block = new RegExp(`<!-- ${file.replace('.', '\\.')} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? ''
  const coin = `of-${file}`
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'qicore-live-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const script = block.replace('http://127.0.0.1:8787', `http://127.0.0.1:${port}`).replace(/(?<=['"])bitcoin(?=['"])/, coin)
  expect(script).toContain(coin)
  await writeFile(join(folder, file), script)
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')

  let server = await serving(platformOf(engines), { port })
  const client: ChildProcess = spawn(program, [join(folder, file)], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void client.kill('SIGKILL'))
  let printed = ''
  client.stdout?.on('data', (text: Buffer) => (printed += text.toString()))
  const seen = () => printed.split('\n').filter(Boolean).map(Number)
  let appended = 0
  const append = async (count: number) => {
    await appendPrices(engines.stream, ...figures(coin, appended, appended + count))
    appended += count
  }
  for (let restart = 0; restart < 3; restart++) {
    await append(50)
    await expect.poll(seen, { timeout: 60_000 }).toHaveLength(appended)
    await server.close()
    await append(50)
    server = await serving(platformOf(engines), { port })
    await expect.poll(seen, { timeout: 60_000 }).toHaveLength(appended)
  }
  expect(seen()).toEqual(Array.from({ length: appended }, (_, i) => i))
})
