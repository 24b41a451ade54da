import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { qicore, Running } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const { url } = await testDatabase()
const port = await freePort()
const cwd = await mkdtemp(join(tmpdir(), 'qicore-webhooks-'))
await chmod(cwd, 0o755)
let python: ChildProcess | undefined
let printed = ''
afterAll(async () => {
  python?.kill()
  await rm(cwd, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: free } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return free
}

const env: Record<string, string> = {}

/** Until the receiver answers. */
async function startReceiver(): Promise<string> {
  python = spawn('python3', ['receiver.py'], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  python.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'OPTIONS' }).then(
        () => true,
        () => false,
      ),
    'the receiver to answer',
  )
  return ''
}

/** The API that the page sends to: prints what comes. */
const api = createHttpServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  if (request.headers.authorization === 'Bearer 0123456789' && request.headers['idempotency-key'])
    printed += `${request.method} ${request.url} ${Buffer.concat(parts)}\n`
  response.writeHead(204).end()
}).listen(0, '127.0.0.1')
await once(api, 'listening')
afterAll(() => {
  api.close()
  api.closeAllConnections()
})

/** Until a receiver has printed both prices. */
async function up(): Promise<string> {
  printed = ''
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  await Promise.race([until(() => printed.split('\n').length > 2, 'two prices of the receiver'), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}${printed}`
}

async function run(command: string): Promise<string> {
  if (command === 'npx qicore up') return up()
  if (command.startsWith('python3')) return startReceiver()
  if (command.startsWith('export '))
    for (const assignment of command.split(' ').slice(1))
      env[assignment.split('=', 1)[0] as string] = assignment.replace(/^[^=]*=/, '')
  else if (command.startsWith('npx qicore')) {
    const { stdout, stderr } = await qicore(command.split(' ').slice(2), { cwd, env: { DATABASE_URL: url } })
    return `${stdout}${stderr}`
  }
  return ''
}

const page = (await readPage('webhooks.md'))
  .replaceAll(':9000', `:${port}`)
  .replaceAll('PORT=9000', `PORT=${port}`)
  .replaceAll(':9001', `:${(api.address() as AddressInfo).port}`)
followPage('webhooks.md', page, { cwd, run })
