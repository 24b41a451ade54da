import { expect, test } from 'vitest'
import { z } from 'zod'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
import { describeSettings } from '../../lib/src/streaming/platform/sources/sourceSettings.ts'

const open = (config: z.ZodObject) => describeSettings({ config }).flatMap((setting) => (setting.open ? [setting.name] : []))

test('a setting is closed to agents and HTTP unless it is declared open', () => {
  const config = z.strictObject({
    file: z.string(),
    folder: z.string().optional(),
    endpoint: z.string(),
    dsn: z.string(),
    brokers: z.array(z.string()).default([]),
    coins: z.array(z.string()).default([]).describe('the coins').meta({ open: true }),
  })
  expect(open(config)).toEqual(['coins'])
})

test('a group that holds a secret stays closed, whatever it declares', () => {
  const login = z.strictObject({ user: z.string(), word: z.string().meta({ secret: true }) })
  expect(open(z.strictObject({ login: login.describe('who').meta({ open: true }) }))).toEqual([])
})

test('sources open their coins and intervals, but no addresses, keys or files', () => {
  const of = (name: string) => open(sourceDefinitions[name]?.config ?? z.strictObject({}))
  expect(of('coingecko')).toEqual(['coins', 'top', 'currencies', 'intervals'])
  expect(of('replay')).toContain('format')
  expect(of('replay')).not.toContain('path')
  expect(of('replay')).not.toContain('resume')
  expect(of('simulated')).toContain('seed')
})
