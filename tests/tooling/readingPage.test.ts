import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { qicore, type Up, up } from '../app/cli/qicore.ts'
import { aPrice } from '../database/records.ts'
import { readersPython } from '../support/run/available.ts'
import { describeWith } from '../support/services.ts'
import { followPage, readPage } from './page.ts'

const run = promisify(execFile)
const LONG = '1234567890123456789012345678901234567890.1234567890123456789012345678901234567891'
const page = await readPage('reading.md')

const project = await makeProject('reading')
const { cwd } = project
let platform: Up | undefined
afterAll(async () => {
  await platform?.stop()
  await project[Symbol.asyncDispose]()
})

describeWith(['readers', 'psql'], 'read it from Python, SQL, Excel', () => {
  let env: Record<string, string> = {}

  /** The platform with the three prices that the page speaks of. */
  async function started(): Promise<Up> {
    if (platform) return platform
    await using store = await openStore({ home: project.home })
    const figures = { bitcoin: '64000.5', long: LONG, tiny: '5.6e-11' }
    await store.timescale.upsert(
      price,
      Object.entries(figures).map(([coinId, figure]) => aPrice({ coinId, price: figure })),
    )
    platform = await up({ cwd, env: { QICORE_SOURCES: 'none' } })
    const { stdout } = await qicore(['db', 'url'], { cwd })
    env = { DATABASE_READER: stdout.trim() }
    return platform
  }

  const hereOf = (text: string) => text.replaceAll('http://127.0.0.1:8787', platform?.url ?? '')

  followPage('reading.md', page, {
    cwd,
    run: async (command) => {
      await started()
      if (command.startsWith('export DATABASE_READER=')) {
        const { stdout } = await qicore(['db', 'url'], { cwd })
        return `${stdout}${env.DATABASE_READER === stdout.trim() ? '' : 'another address'}`
      }
      const asked = /^npx qicore psql -c "(.*)"$/.exec(command)?.[1]
      if (asked !== undefined) return (await qicore(['psql', '-c', asked], { cwd })).stdout
      if (command.startsWith('npx qicore ')) return (await qicore(command.split(' ').slice(2), { cwd })).stderr
      const script = /^python (\S+)$/.exec(command)?.[1]
      if (script === undefined) return (await run('bash', ['-euc', hereOf(command)], { cwd })).stdout
      const file = join(cwd, script)
      await writeFile(file, hereOf(await readFile(file, 'utf8')))
      const { stdout, stderr } = await run(readersPython(), ['-W', 'error::FutureWarning', file], {
        cwd,
        env: { ...process.env, ...env },
      })
      return `${stdout}${stderr}`
    },
  })

  test('the address of the Excel query gives the columns that it types', async () => {
    await started()
    const address = /Web\.Contents\("([^"]+)"\)/.exec(page)?.[1] as string
    const [head = '', ...rows] = (await (await fetch(hereOf(address))).text()).trim().split('\r\n')
    expect(head.split(',')).toEqual(expect.arrayContaining(['time', 'price']))
    expect(rows.map((row) => row.split(',')[head.split(',').indexOf('price')]).sort()).toEqual([
      '0.000000000056',
      LONG,
      '64000.5',
    ])
  })

  test('the notebook runs from its first cell to its last, and adds exactly', async () => {
    await started()
    const notebook = resolve(import.meta.dirname, '../../examples/notebooks/quickstart.ipynb')
    const runner = resolve(import.meta.dirname, '../support/readers/notebook.py')
    const { stdout } = await run(readersPython(), [runner, notebook], {
      cwd,
      env: { ...process.env, ...env, IPYTHONDIR: join(cwd, 'ipython') },
    })
    const texts = JSON.parse(stdout) as string[]
    expect(texts.join('\n')).toContain('64000.5')
    // 64000.5 and 5.6e-11 more than the long one.
    expect(texts.at(-1)?.trim()).toBe('1234567890123456789012345678901234631890.6234567890683456789012345678901234567891')
  })

  test('polars over psycopg keeps 38 digits and refuses more, as the table of readers says', async () => {
    await started()
    const script = `import os, polars as pl, psycopg
with psycopg.connect(os.environ["DATABASE_READER"]) as connection:
    print(pl.read_database("select price from crypto_prices where coin_id <> 'long' order by coin_id", connection)["price"].to_list())
    try:
        pl.read_database("select price from crypto_prices", connection)
    except Exception as error:
        print("fails:", error)`
    const { stdout } = await run(readersPython(), ['-c', script], { env: { ...process.env, ...env } })
    expect(stdout).toMatch(/5\.6\d*E-11|0\.000000000056/)
    expect(stdout).toMatch(/^fails: .*too large/m)
  })
})
