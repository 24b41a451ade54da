import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { price } from '../../../lib/src/base/types/index.ts'
import { aPrice } from '../../database/records.ts'
import { createDatabase } from '../../support/database.ts'
import { describeWith } from '../../support/services.ts'
import { makeProject, type Project } from './project.ts'
import { document, failure, qicore, up } from './qicore.ts'

const LONG = '1234567890123456789012345678901234567890.1234567890123456789012345678901234567891'
const SQL = 'select current_user as who, price from crypto_prices order by price'
/** The text of a table, as psql prints it. */
const ROWS = [
  ['qicore_reader', '0.000000000056'],
  ['qicore_reader', LONG],
]

let project: Project
/** A PATH without psql, but with the programs of the embedded server. */
let bare: string
beforeAll(async () => {
  project = await makeProject('psql')
  await using store = await openStore({ home: project.home })
  await store.timescale.upsert(price, [aPrice({ coinId: 'long', price: LONG }), aPrice({ coinId: 'tiny', price: '5.6e-11' })])
  bare = await mkdtemp(join(tmpdir(), 'qicore-path-'))
  for (const name of ['prlimit', 'chown'])
    for (const folder of (process.env.PATH ?? '').split(delimiter))
      if (
        await symlink(join(folder, name), join(bare, name)).then(
          () =>
            readFile(join(bare, name)).then(
              () => true,
              () => rm(join(bare, name)).then(() => false),
            ),
          () => false,
        )
      )
        break
})
afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await rm(bare, { recursive: true })
})

const own = () => ({ cwd: project.cwd, env: { PATH: bare } })

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

describe('while no platform runs', () => {
  it('qicore psql -c reads in the read-only role with every digit, and stops the server afterwards', async () => {
    expect(document(await qicore(['psql', '--json', '-c', SQL], { cwd: project.cwd }))).toEqual({
      command: 'SELECT',
      columns: ['who', 'price'],
      rows: ROWS,
      more: false,
    })
    expect(await project.databaseRuns()).toBe(false)
  })

  it('without psql prints a table of its own', async () => {
    const { stdout, code } = await qicore(['psql', '-c', SQL], own())
    expect(code).toBe(0)
    expect(stdout).toMatch(/^WHO +PRICE$/m)
    for (const [who, figure] of ROWS) expect(stdout).toMatch(new RegExp(`^${who} +${figure?.replace('.', '\\.')}$`, 'm'))
    expect(stdout).toMatch(/^\(2 rows\)$/m)
    const wrong = await qicore(['psql', '-c', 'select\n  nothing from crypto_prices'], own())
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('error: column "nothing" does not exist\n    nothing from crypto_prices\n    ^')
    expect(failure(await qicore(['psql', '--json', '-c', 'delete from crypto_prices'], own()))).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('permission denied'),
    })
  })

  it('without psql reads a script with statements over several lines and commands, up to the first error', async () => {
    const script = "\\dt\n\\x\nselect 1 as one,\n  'a;b' as two; select 2 as three\n;\nselect broken;\nselect 4 as never;\n"
    const { stdout, stderr, code } = await qicore(['psql'], { ...own(), input: script })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^public +crypto_prices_text +view$/m)
    expect(stdout).toContain('one  1\ntwo  a;b')
    expect(stdout).toContain('three  2')
    expect(stdout).not.toContain('never')
    expect(stderr).toContain('column "broken" does not exist')
    const last = await qicore(['psql'], { ...own(), input: 'select 5 as five' })
    expect(last).toMatchObject({ code: 0, stdout: expect.stringContaining('FIVE') })
  })

  it('limits the rows that it shows', async () => {
    const { stdout } = await qicore(['psql', '-c', 'select g from generate_series(1, 5000000) as g'], own())
    expect(stdout.split('\n').length).toBeLessThan(10_010)
    expect(stdout).toContain('(the first 10000 rows; ')
  })
})

describeWith('psql', 'qicore psql', () => {
  it('starts psql, with the password in its environment alone', async () => {
    const { stdout, code } = await qicore(['psql', '-c', SQL], { cwd: project.cwd })
    expect(code).toBe(0)
    for (const [who, figure] of ROWS) expect(stdout).toMatch(new RegExp(` ${who} \\| +${figure?.replace('.', '\\.')}$`, 'm'))
    // A program in place of psql that prints its arguments.
    const folder = await mkdtemp(join(tmpdir(), 'qicore-fake-'))
    await writeFile(join(folder, 'psql'), '#!/bin/sh\necho "args $*"\necho "password $PGPASSWORD"\nexit 2\n')
    await chmod(join(folder, 'psql'), 0o755)
    const shown = await qicore(['psql', '-c', 'select 1'], {
      cwd: project.cwd,
      env: { PATH: `${folder}${delimiter}${process.env.PATH}` },
    })
    await rm(folder, { recursive: true })
    const password = await readFile(join(project.home, 'postgres.reader.password'), 'utf8')
    expect(shown.code).toBe(3)
    expect(shown.stdout).toContain(`password ${password}`)
    expect(shown.stdout).toMatch(/^args -d postgres:\/\/qicore_reader@127\.0\.0\.1:\d+\/qicore -c select 1$/m)
  })

  it('ends with the exit code of psql', async () => {
    expect((await qicore(['psql', '-c', 'select broken'], { cwd: project.cwd })).code).toBe(1)
  })
})

describe('while the platform runs', () => {
  it('banner, status and doctor show the address, and qicore db url prints it with its password', async () => {
    const env = { QICORE_SOURCES: 'none' }
    const platform = await up({ cwd: project.cwd, env })
    await using stopping = new AsyncDisposableStack()
    stopping.defer(async () => void (await platform.stop()))
    const ready = JSON.parse(await platform.process.line(/"event":"ready"/)) as { sql: string }
    const place = /^postgres:\/\/qicore_reader@(127\.0\.0\.1:\d+\/qicore) {2}\(qicore psql, qicore db url\)$/.exec(ready.sql)?.[1]
    expect(place).toBeDefined()
    const { stdout, stderr } = await qicore(['db', 'url'], { cwd: project.cwd, env })
    const password = await readFile(join(project.home, 'postgres.reader.password'), 'utf8')
    expect(stdout).toBe(`postgres://qicore_reader:${password}@${place}\n`)
    expect(stderr).toBe('')
    expect(await ask(stdout.trim(), SQL)).toEqual(ROWS.map(([who, figure]) => ({ who, price: figure })))
    const admin = document<{ url: string }>(await qicore(['db', 'url', '--admin', '--json'], { cwd: project.cwd, env }))
    expect(admin).toMatchObject({ url: expect.stringContaining(`@${place}`), read_only: false })
    expect(await ask(admin.url, 'select current_user as who')).toEqual([{ who: 'qicore_owner' }])
    const status = document<{ sql: string }>(await qicore(['status', '--json'], { cwd: project.cwd, env }))
    expect(status.sql).toBe(`postgres://qicore_reader@${place}`)
    expect((await qicore(['status'], { cwd: project.cwd, env })).stdout).toContain(`SQL: ${status.sql} (qicore psql`)
    const { checks } = document<{ checks: { name: string }[] }>(await qicore(['doctor', '--json'], { cwd: project.cwd, env }))
    expect(checks.find(({ name }) => name === 'psql')).toMatchObject({
      verdict: 'ok',
      summary: expect.stringContaining(`@${place}`),
    })
  })
})

describe('with DATABASE_URL', () => {
  it('uses that server, and names the role', async () => {
    const { url, drop } = await createDatabase()
    await using after = new AsyncDisposableStack()
    after.defer(drop)
    const options = { cwd: project.cwd, env: { DATABASE_URL: url } }
    const early = await qicore(['psql', '--json', '-c', 'select 1 as one'], options)
    expect(document(early)).toMatchObject({ rows: [['1']] })
    const before = await qicore(['db', 'url'], options)
    expect(before.stdout.trim()).toBe(url)
    expect(before.stderr).toMatch(
      /the role of DATABASE_URL with all its rights, because a read-only role cannot be created there/,
    )
    await using store = await openStore({ databaseUrl: url, home: '/nowhere' })
    await store.timescale.upsert(price, [aPrice({ price: '5.6e-11' })])
    const { stdout, stderr } = await qicore(['db', 'url'], options)
    expect(stderr).toContain('a read-only role on the server of DATABASE_URL')
    expect(stderr).not.toContain(new URL(stdout).password)
    expect(await ask(stdout.trim(), 'select price from crypto_prices')).toEqual([{ price: '0.000000000056' }])
    await expect(ask(stdout.trim(), 'delete from crypto_prices')).rejects.toThrow(/permission denied/)
    expect(
      await ask(
        (await qicore(['db', 'url', '--admin'], options)).stdout.trim(),
        'select count(*)::int as n from qicore_settings where value is null',
      ),
    ).toEqual([{ n: 0 }])
    const away = await qicore(['psql', '--json', '-c', 'select 1'], {
      cwd: project.cwd,
      env: { DATABASE_URL: 'postgres://x@127.0.0.1:1/y' },
    })
    expect(failure(away).code).toBe('UNAVAILABLE')
  })
})
