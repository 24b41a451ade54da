import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { qicore, up } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const { url } = await testDatabase()

/** Notes each address that a process tries to connect to, and each name that it looks up for that. */
const WATCH = `import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
const note = (line) => appendFileSync(process.env.CONNECTIONS, line + '\\n')
subscribe('net.client.socket', ({ socket }) => {
  socket.on('lookup', (error, address, family, host) => note('name ' + host))
  socket.on('connectionAttempt', (address) => note('address ' + address))
})
`

test('the platform connects to its engines, and to nothing that is not configured', async () => {
  const cwd = await temporary('no-telemetry')
  const [watch, connections] = [join(cwd, 'watch.mjs'), join(cwd, 'connections')]
  await writeFile(watch, WATCH)
  await writeFile(connections, '')
  const env = {
    DATABASE_URL: url,
    QICORE_SOURCES: 'simulated',
    CONNECTIONS: connections,
    NODE_OPTIONS: `--import ${pathToFileURL(watch).href}`,
  }
  const platform = await up({ cwd, env })
  try {
    await until(async () => (await qicore(['query', 'latest', 'bitcoin'], { cwd, env })).stdout.includes('bitcoin'), 'a price')
    for (const command of [['doctor'], ['status'], ['agent', 'list']]) await qicore(command, { cwd, env })
  } finally {
    await platform.stop()
  }
  const noted = new Set((await readFile(connections, 'utf8')).trim().split('\n'))
  expect([...noted].filter((line) => /^address (127\.0\.0\.1|::1)$/.test(line))).not.toEqual([])
  expect(
    [...noted].filter((line) => !/^(address (127\.0\.0\.1|::1|\/.*\.sock)|name (localhost|127\.0\.0\.1))$/.test(line)),
  ).toEqual([])
})
