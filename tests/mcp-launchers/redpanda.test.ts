import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { recordTypes } from '../../lib/src/base/index.ts'
import { resourceFiles } from '../../lib/src/mcp-launchers/redpanda/resources.ts'

const topics = Object.values(recordTypes).map(({ topic }) => topic)
const brokers = ['127.0.0.1:9092']

test('each topic can be read, and appended to unless only reading is allowed; each label is there once', () => {
  const read = (readOnly: boolean) => resourceFiles({ brokers, readOnly }).map(({ path, text }) => ({ path, ...parse(text) }))
  const all = read(false)
  expect(all.filter(({ path }) => path.startsWith('resources/inputs/')).flatMap(({ redpanda }) => redpanda.topics)).toEqual(
    topics,
  )
  expect(all.filter(({ path }) => path.startsWith('resources/outputs/')).map(({ redpanda }) => redpanda.topic)).toEqual(topics)
  expect(new Set(all.map(({ label }) => label)).size).toBe(2 * topics.length)
  for (const { label, path, meta, redpanda } of all) {
    expect(path).toContain(`/${label}.yaml`)
    expect(meta.mcp).toMatchObject({ enabled: true, description: expect.stringContaining('topic') })
    expect(redpanda.seed_brokers).toEqual(brokers)
  }
  expect(read(true).every(({ path }) => path.startsWith('resources/inputs/'))).toBe(true)
})
