import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { qicore } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { followPage, readPage } from './page.ts'

const { url } = await testDatabase()
const cwd = await mkdtemp(join(tmpdir(), 'qicore-destinations-'))
await chmod(cwd, 0o755)
afterAll(() => rm(cwd, { recursive: true, force: true }))

followPage('destinations.md', await readPage('destinations.md'), {
  cwd,
  run: async (command) => {
    const { stdout, stderr } = await qicore(command.split(' ').slice(2), { cwd, env: { DATABASE_URL: url } })
    return `${stdout}${stderr}`
  },
})
