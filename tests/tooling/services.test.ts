import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { sharedKafka } from '../support/kafka.ts'
import { describeWith } from '../support/services.ts'

const database = await testDatabase('embedded')

const ask = async (url: string, sql: string): Promise<unknown> => {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' }).finally(() => client.end())
  return rows[0]?.[0]
}

test('tests run on the Node of the checkout', () => {
  expect(process.version).toMatch(/^v24\./)
})

test('the embedded server has durability on and UTF8', async () => {
  expect(await ask(database.url, 'select current_database()')).toBe(database.name)
  expect(await ask(database.url, 'show fsync')).toBe('on')
  expect(await ask(database.url, 'show server_encoding')).toBe('UTF8')
})

test('what is temporary is in the folder of the run', () => {
  expect(tmpdir()).toContain('qicore-test-')
})

describeWith('postgres', 'another PostgreSQL', async () => {
  const other = await testDatabase('postgres')
  test('has databases too', async () => expect(await ask(other.url, 'select current_database()')).toBe(other.name))
})

describeWith(['kafka', 'kcat'], 'Kafka', () => {
  test('answers another program', async () => {
    const { stdout } = await promisify(execFile)('kcat', ['-b', await sharedKafka(), '-L', '-J'])
    expect((JSON.parse(stdout) as { brokers: unknown[] }).brokers).toHaveLength(1)
  })
})
