import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../bench/freePort.ts'
import { choosePort, remember } from '../../lib/src/base/database/embedded/home/port.ts'
import { openEmbeddedPostgres } from '../../lib/src/base/database/embedded/open.ts'
import { runningReaderAddress } from '../../lib/src/base/database/index.ts'
import { temporary } from '../support/temporary.ts'

/** Another program that listens on a port. */
async function occupy(port: number): Promise<() => Promise<void>> {
  const server = createServer().listen({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  onTestFinished(close)
  return close
}

/** The first of two ports in a row that are free. */
async function freePair(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if ((await choosePort({}, port, new Set([port]))) === port + 1) return port
  }
}

const none = new Set<number>()

it('the port is the remembered one, else the wanted one or the next free one', async () => {
  const wanted = await freePair()
  expect(await choosePort({}, wanted, none)).toBe(wanted)
  const leave = await occupy(wanted)
  expect(await choosePort({}, wanted, none)).toBe(wanted + 1)
  await leave()
  const other = await freePort()
  expect(await choosePort({ port: other, wanted }, wanted, none)).toBe(other)
  expect(await choosePort({ port: other, wanted: wanted + 1 }, wanted, none)).toBe(wanted)
  expect(await choosePort({ port: other, wanted }, undefined, none)).toBe(other)
  expect(await choosePort({ port: other, wanted }, wanted, new Set([other, wanted]))).toBe(wanted + 1)
  expect(await choosePort({}, 0, none)).toBeGreaterThan(0)
})

it('a home remembers its first port until the setting changes', () => {
  const first = remember({ id: 'x' }, 6000, 6000)
  expect(first).toMatchObject({ port: 6000, wanted: 6000 })
  expect(remember(first, 6001, 6000)).toMatchObject({ port: 6000 })
  expect(remember(first, 6001, undefined)).toMatchObject({ port: 6000, wanted: 6000 })
  expect(remember(first, 7000, 7000)).toMatchObject({ port: 7000, wanted: 7000 })
  // A home of a version without the setting.
  expect(remember({ id: 'x', port: 40_317 }, 6000, 6000)).toMatchObject({ port: 6000, wanted: 6000 })
})

it('the server listens on it, on another while a program holds it, and on it again afterwards', async () => {
  const port = await freePair()
  const home = join(await temporary('home'), '.qicore')
  const notices: string[] = []
  const open = () => openEmbeddedPostgres({ home, port, onNotice: (line) => notices.push(line) })
  const portOf = async () => {
    await using server = await open()
    expect(await runningReaderAddress(home)).toBe(`postgres://qicore_reader@127.0.0.1:${new URL(server.url).port}/qicore`)
    return Number(new URL(server.url).port)
  }
  expect(await portOf()).toBe(port)
  expect(await runningReaderAddress(home)).toBeUndefined()
  const leave = await occupy(port)
  expect(await portOf()).toBe(port + 1)
  expect(notices).toContain(`port ${port} is taken by another program: the database listens on ${port + 1} this time`)
  await leave()
  expect(await portOf()).toBe(port)
})
