import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { MAIN, type Up, up } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const cwd = await mkdtemp(join(tmpdir(), 'qicore-notifications-'))
await chmod(cwd, 0o755)
const env = { DATABASE_URL: url }

const messages: string[] = []
const slack = createServer(async (request, response) => {
  const body = await text(request)
  if (request.method === 'POST') messages.push((JSON.parse(body) as { text: string }).text)
  response.end('ok')
}).listen(0, '127.0.0.1')
await once(slack, 'listening')

let platform: Up | undefined
afterAll(async () => {
  await platform?.stop()
  slack.close()
  await rm(cwd, { recursive: true, force: true })
})

async function run(command: string): Promise<string> {
  if (command === 'npx qicore up &') {
    platform = await up({ cwd, env })
    return ''
  }
  const before = messages.length
  const script = command.replace('npx qicore', `"${process.execPath}" "${MAIN}"`)
  const { stdout } = await bash('bash', ['-euc', script], { cwd, env: { ...process.env, ...env } })
  if (command.includes(' tool ')) await until(() => messages.length > before, 'the message')
  return `${stdout}${messages.join('\n')}`
}

const { port } = slack.address() as AddressInfo
followPage('notifications.md', (await readPage('notifications.md')).replaceAll('9000', String(port)), { cwd, run })
