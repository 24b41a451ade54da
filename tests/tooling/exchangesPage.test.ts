import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe } from 'vitest'
import { qicore, Running } from '../app/cli/qicore.ts'
import { startFakeVenue } from '../publishers/venue/fake/index.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const { url, admin } = await testDatabase()
const cwd = await mkdtemp(join(tmpdir(), 'qicore-exchanges-'))
await chmod(cwd, 0o755)
const venue = await startFakeVenue('binance')
await venue.order({ do: 'rate', perSecond: 100 })
const store = new pg.Pool({ connectionString: admin })
afterAll(async () => {
  await store.end()
  await venue[Symbol.asyncDispose]()
  await rm(cwd, { recursive: true, force: true })
})

/** Until trades of both instruments and an order book are stored. */
async function up(): Promise<string> {
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  const stored = async () => {
    await venue.order({ do: 'books', changes: 1 })
    const { rows } = await store
      .query<{ trades: string; books: string }>(
        'select (select count(distinct coin_id) from trades) as trades, (select count(*) from books) as books',
      )
      .catch(() => ({ rows: [] }))
    return rows[0]?.trades === '2' && rows[0].books !== '0'
  }
  await Promise.race([until(stored, 'trades and books'), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}`
}

async function run(command: string): Promise<string> {
  if (command === 'npx qicore up') return up()
  const { stdout, stderr } = await qicore(command.split(' ').slice(2), { cwd, env: { DATABASE_URL: url } })
  return `${stdout}${stderr}`
}

const page = (await readPage('exchanges.md')).replace(
  '  binance:\n',
  `  binance:\n    rest_url: ${venue.restUrl}\n    ws_url: ${venue.wsUrl}\n`,
)
describe('the page about exchanges', () => followPage('exchanges.md', page, { cwd, run }))
