import { chmod, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { restoreLinks } from '../../lib/src/base/database/embedded/server/binaries.ts'
import { findRunning } from '../../lib/src/base/database/embedded/server/postmaster.ts'
import { isAlive } from '../../lib/src/base/database/embedded/server/processes.ts'
import { type EmbeddedOptions, type EmbeddedPostgres, openEmbeddedPostgres } from '../../lib/src/base/database/index.ts'
import { kill9, kill9Postgres } from '../support/kill9.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { serverProcess } from './serverProcess.ts'

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

async function open(home: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ home, ...options })
  onTestFinished(() => server.close())
  return server
}

const pidOf = async (dataFolder: string): Promise<number> => {
  const running = await findRunning(dataFolder)
  if (!running) throw new Error(`no server on ${dataFolder}`)
  return running.pid
}

describe('the embedded server', () => {
  it('starts on demand and stops with its last user; UTF-8, loopback, durable', async () => {
    const home = join(await temporary('home'), '.qicore')
    const notices: string[] = []
    const server = await open(home, { onNotice: (notice) => notices.push(notice) })
    expect(notices).toEqual(['creating the database, on the first start only'])
    const settings = {
      server_encoding: 'UTF8',
      fsync: 'on',
      synchronous_commit: 'on',
      listen_addresses: '127.0.0.1',
      jit: 'off',
      password_encryption: 'scram-sha-256',
    }
    for (const [name, value] of Object.entries(settings)) expect(await ask(server.url, `show ${name}`)).toBe(value)
    expect(await ask(server.url, "select datlocale from pg_database where datname = 'qicore'")).toBe('C.UTF-8')
    for (const file of ['postgres.password', 'postgres.owner.password'])
      expect((await stat(join(home, file))).mode & 0o777).toBe(0o600)
    await expect(ask(server.url.replace(/:[^:@]*@/, ':guess@'), 'select 1')).rejects.toMatchObject({ code: '28P01' })
    const pid = await pidOf(server.dataFolder)
    await server.close()
    expect(await isAlive(pid)).toBe(false)
  })

  it('is shared by all processes of a home, also when they open it at once; the last to leave stops it', async () => {
    const home = join(await temporary('home'), '.qicore')
    const processes = [serverProcess(home), serverProcess(home), serverProcess(home)]
    const opened = await Promise.all(processes.map((one) => one.opened))
    expect(new Set(opened.map((one) => one.url)).size).toBe(1)
    const pid = await pidOf(opened[0]?.dataFolder as string)
    await processes[0]?.close()
    await processes[1]?.close()
    expect(await isAlive(pid)).toBe(true)
    expect(await ask(opened[0]?.url as string, 'select 1')).toBe(1)
    await processes[2]?.close()
    expect(await isAlive(pid)).toBe(false)
  })

  it('survives kill -9 of the process that started it; the next attaches, and stops it', async () => {
    const home = join(await temporary('home'), '.qicore')
    const first = serverProcess(home)
    const { url, dataFolder } = await first.opened
    const pid = await pidOf(dataFolder)
    await first.kill()
    const server = await open(home)
    expect(server.url).toBe(url)
    expect(await pidOf(dataFolder)).toBe(pid)
    await server.close()
    expect(await isAlive(pid)).toBe(false)
  })

  it('restarts on the same port after kill -9 of the server, with all committed data', async () => {
    const home = join(await temporary('home'), '.qicore')
    const server = await open(home)
    const { url } = server
    await ask(url, 'create table kept as select 42 as answer')
    await kill9Postgres(server.dataFolder)
    await until(() => ask(url, 'select answer from kept'), 'the supervisor to bring it back')
    await Promise.all([server.ensureRunning(), server.ensureRunning()])
    expect(server.url).toBe(url)
    expect(await ask(url, 'select answer from kept')).toBe(42)
  })

  it('recovers when server and program are killed together', async () => {
    const home = join(await temporary('home'), '.qicore')
    const first = serverProcess(home)
    const { url, dataFolder } = await first.opened
    await ask(url, 'create table kept as select 42 as answer')
    const pid = await pidOf(dataFolder)
    await first.kill()
    await kill9(pid)
    const server = await open(home)
    expect(await ask(server.url, 'select answer from kept')).toBe(42)
  })

  it('recovers when the pid of the dead server belongs to another process', async () => {
    const home = join(await temporary('home'), '.qicore')
    const server = await open(home)
    const file = join(server.dataFolder, 'postmaster.pid')
    const text = await readFile(file, 'utf8')
    await server.close()
    await writeFile(file, text.replace(/^\d+/, '1')) // process 1 is always there
    expect(await ask((await open(home)).url, 'select 1')).toBe(1)
  })

  it('waits for orphans of a killed server before it starts a new one', async () => {
    const home = join(await temporary('home'), '.qicore')
    const server = await open(home)
    const busy = new pg.Client(server.url)
    busy.on('error', () => {})
    await busy.connect()
    // Computes in a loop, so it does not notice that its postmaster is gone.
    const work = busy.query('select count(*) from generate_series(1, 100000000) as a').catch(() => {})
    await until(
      async () =>
        (await ask(
          server.url,
          "select count(*)::int from pg_stat_activity where query like '%generate_series(1, 1000%' and pid <> pg_backend_pid()",
        )) === 1,
      'the query',
    )
    await kill9Postgres(server.dataFolder)
    await server.ensureRunning()
    expect(await ask(server.url, 'select 1')).toBe(1)
    await work
  })

  it('recovers from a kill in the middle of its creation', async () => {
    const home = join(await temporary('home'), '.qicore')
    const first = serverProcess(home)
    await until(() => first.notices.length > 0, 'the creation to begin')
    await until(async () => (await readdir(home)).some((name) => name.includes('.new-')), 'the temporary folder')
    await first.kill()
    const server = await open(home)
    expect(await ask(server.url, 'select 1')).toBe(1)
    expect((await readdir(home)).filter((name) => name.includes('.new-'))).toEqual([])
  })

  it('refuses a data folder of another major version', async () => {
    const home = join(await temporary('home'), '.qicore')
    const server = await open(home)
    await server.close()
    await writeFile(join(server.dataFolder, 'PG_VERSION'), '17\n')
    await expect(openEmbeddedPostgres({ home })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('PostgreSQL 17'),
    })
  })

  it('refuses to be used after close', async () => {
    const server = await open(join(await temporary('home'), '.qicore'))
    await Promise.all([server.close(), server.close()])
    await expect(server.ensureRunning()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it.runIf(process.geteuid?.() === 0)(
    'as root, moves out of a home that the service user cannot enter, and says where',
    async () => {
      const closed = await temporary('closed')
      await chmod(closed, 0o700)
      const home = join(closed, '.qicore')
      const notices: string[] = []
      const server = await open(home, { onNotice: (notice) => notices.push(notice) })
      onTestFinished(() => rm(dirname(server.dataFolder), { recursive: true, force: true }))
      expect(server.dataFolder).toMatch(/^\/var\/lib\/qicore\//)
      expect(notices.join()).toContain(server.dataFolder)
      await ask(server.url, 'create table kept as select 42 as answer')
      await server.close()
      const again = await open(home)
      expect(again.dataFolder).toBe(server.dataFolder)
      expect(await ask(again.url, 'select answer from kept')).toBe(42)
    },
  )

  it('restores library links that are missing after an install without scripts, or names the command', async () => {
    const folder = await temporary('links')
    const native = join(folder, 'native')
    await mkdir(join(native, 'lib'), { recursive: true })
    await writeFile(
      join(native, 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/libx.so.5.1', target: 'native/lib/libx.so.5' }]),
    )
    await writeFile(join(native, 'lib', 'libx.so.5.1'), 'library')
    await restoreLinks(native)
    await restoreLinks(native)
    expect((await lstat(join(native, 'lib', 'libx.so.5'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(native, 'lib', 'libx.so.5'), 'utf8')).toBe('library')
    await rm(join(native, 'lib'), { recursive: true })
    await writeFile(join(native, 'lib'), 'not a folder, so nothing can be written to it')
    await expect(restoreLinks(native)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('npm rebuild'),
    })
  })
})
