import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { decimal, instrument, nowMicros, type Price } from '../../lib/src/base/types/index.ts'
import { MAIN, up } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readPage('history.md')
const cwd = await mkdtemp(join(tmpdir(), 'qicore-history-'))
await chmod(cwd, 0o755)
await mkdir(join(cwd, 'bin'))
await writeFile(join(cwd, 'bin/qicore'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 })

// The page reads two prices of the last hours.
const store = await openStore({ databaseUrl: url, home: '/nowhere' })
const now = nowMicros()
const common = { coinId: 'bitcoin', source: 'manual', receivedAt: now, origin: 'manual', currency: 'usd' } as const
const of = (hours: number, price: string): Price => ({ ...common, time: now - hours * 3_600_000_000, price: decimal(price) })
await store.dsl.storePrices([of(3, '65000.123456789012345678901234567891'), of(2, '65000.5')])
await store.dsl.store(instrument, [{ ...common, kind: 'currency', time: now, symbol: 'btc', name: 'Bitcoin', active: true }])
await store.close()

const env = { DATABASE_URL: url, QICORE_SOURCES: 'none' }
const platform = await up({ cwd, env })
afterAll(async () => {
  await platform.stop()
  await rm(cwd, { recursive: true, force: true })
})

// `import 'qicore'` as in a project that has it installed.
await mkdir(join(cwd, 'node_modules/qicore'), { recursive: true })
await writeFile(
  join(cwd, 'node_modules/qicore/package.json'),
  JSON.stringify({ name: 'qicore', type: 'module', exports: './index.js' }),
)
await writeFile(
  join(cwd, 'node_modules/qicore/index.js'),
  `export * from ${JSON.stringify(resolve(import.meta.dirname, '../../lib/src/index.ts'))}\n`,
)
await writeFile(join(cwd, 'package.json'), '{ "type": "module" }')

followPage('history.md', page, {
  cwd,
  run: async (command) => {
    const { stdout, stderr } = await bash('bash', ['-euc', command.replaceAll('http://127.0.0.1:8787', platform.url)], {
      cwd,
      env: { ...process.env, ...env, PATH: `${join(cwd, 'bin')}:${process.env.PATH}` },
    })
    return `${stdout}${stderr}`
  },
})
