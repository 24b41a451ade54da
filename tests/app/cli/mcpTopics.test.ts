import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, onTestFinished, test } from 'vitest'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { openEmbeddedStream, PipelineStore } from '../../../lib/src/streaming/index.ts'
import { testDatabase } from '../../support/database.ts'
import { temporary } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'

const MAIN = fileURLToPath(new URL('../../../app/cli/main.ts', import.meta.url))
const { url } = await testDatabase()

test('qicore mcp knows the record type of a topic that is deployed while it runs', async () => {
  const cwd = await temporary('mcp-topics')
  const client = new Client({ name: 'test', version: '1' })
  const { PATH = '', HOME = '' } = process.env
  const env = { DATABASE_URL: url, QICORE_SOURCES: 'none', PATH, HOME }
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp', '--tools', 'manage_topics'], cwd, env }),
  )
  onTestFinished(() => client.close())
  const carried = async () => {
    const { structuredContent } = await client.callTool({
      name: 'manage_topics',
      arguments: { action: 'describe', topic: 'majors' },
    })
    return (structuredContent as { topics?: { carries: string }[] } | undefined)?.topics?.[0]?.carries
  }
  const stream = await openEmbeddedStream({ url })
  onTestFinished(() => stream.close())
  await stream.createTopics(['majors'])
  expect(await carried()).toBe('other')

  const pool = createPool(url)
  onTestFinished(() => pool.end())
  const store = await PipelineStore.open(pool)
  const text = 'version: 1\nname: majors\nfrom: { records: [price] }\nto: [{ topic: majors, record: price }]\n'
  const check = () => [{ topic: 'majors', record: 'price' as const }]
  await store.deploy({ name: 'majors', text, replaces: 0, by: 'ann', check })
  await until(async () => (await carried()) === 'price', 'the topic to be known')
})
