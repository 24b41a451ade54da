import { expect, test } from 'vitest'
import { parseServersJson } from '../../lib/src/mcp-launchers/index.ts'

const parse = (servers: unknown, env: Record<string, string> = {}) =>
  parseServersJson(JSON.stringify({ mcpServers: servers }), 'servers.json', env)

const variable = (name: string): string => `$\{${name}}`

test('reads what Claude Desktop and others write', () => {
  const specs = parse(
    {
      files: { command: 'npx', args: ['-y', 'server-files', '/data'], env: { KEY: variable('FILES_KEY') } },
      remote: { type: 'http', url: 'https://mcp.example/mcp', headers: { Authorization: `Bearer ${variable('TOKEN')}` } },
      off: { command: 'x', disabled: true },
    },
    { FILES_KEY: 'k1', TOKEN: 't1' },
  )
  expect(specs).toEqual({
    files: { command: 'npx', args: ['-y', 'server-files', '/data'], env: { KEY: 'k1' } },
    remote: { url: 'https://mcp.example/mcp', headers: { Authorization: 'Bearer t1' } },
  })
})

test.each([
  ['no command', { a: {} }, 'mcpServers.a', 'either command'],
  ['both', { a: { command: 'x', url: 'https://x.example' } }, 'mcpServers.a', 'either command'],
  ['arguments as text', { a: { command: 'x', args: '-y' } }, 'mcpServers.a.args', '"-y"'],
  ['a file as url', { a: { url: 'file:///etc/passwd' } }, 'mcpServers.a.url', 'file:///etc/passwd'],
  ['an unknown field', { a: { command: 'x', comand: 'y' } }, 'mcpServers.a', 'comand'],
  ['arguments of a url', { a: { url: 'https://x.example', args: [] } }, 'mcpServers.a', 'belong to a command'],
  ['an unset variable', { a: { command: 'x', env: { K: variable('NOT_SET') } } }, 'mcpServers.a.env.K', 'NOT_SET is not set'],
])('%s is refused with field, value and remedy', (_, servers, field, told) => {
  expect(() => parse(servers)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(told) }) as Error,
  )
  expect(() => parse(servers)).toThrow(field)
})

test('a name that would part wrongly is refused', () => {
  expect(() => parse({ a__b: { command: 'x' } })).toThrow('"a__b" cannot name a server')
})

test('invalid JSON, or another shape, is reported as such', () => {
  expect(() => parseServersJson('{', 'servers.json')).toThrow(/servers\.json is not JSON/)
  expect(() => parseServersJson('{"servers": {}}', 'servers.json')).toThrow(/mcpServers is missing/)
})
