import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import type { CliCommand, Runner } from '../../app/cli/CliCommand.ts'
import { createProgram, everyCommand } from '../../app/cli/program.ts'
import { Session } from '../../app/cli/session.ts'
import { clientMessages, readMessage } from '../../app/server/live/messages.ts'
import { readQuery } from '../../app/server/query.ts'
import { routes } from '../../app/server/routes.ts'
import { settingsOf } from '../../lib/src/base/types/index.ts'
import { inputOf, tools } from '../../lib/src/mcp-tools/index.ts'
import { describeIssue } from '../../lib/src/mcp-tools/server/issues.ts'
import { configSchema, loadConfig } from '../../lib/src/streaming/platform/index.ts'

/** Default messages of the validator. */
const VALIDATOR =
  /Invalid (?:input|option|string|number|key|element|value|type|date)|received (?:undefined|null|NaN|\w+$)|^Too (?:small|big)|Unrecognized key|pattern \//m

/** Values that most parameters refuse. */
const BAD: readonly unknown[] = [null, true, -1, 1.5, 1e300, '', ' ', '7x', '-1', 'a'.repeat(3000), [], [[]], [-1], {}, { a: 1 }]

const messageOf = (work: () => unknown): string | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'qicore-voice-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

test('refusals of routes have plain messages', () => {
  const refusals = routes.flatMap(({ path, query }) =>
    Object.keys(query?.shape ?? {}).flatMap((name) =>
      ['7x', '-1', '', '%00', 'a'.repeat(3000), `x&${name}=y`].flatMap((value) => {
        const message = messageOf(() => readQuery(query as z.ZodObject, `${path}?${name}=${value}`))
        return message === undefined ? [] : [{ path, name, message }]
      }),
    ),
  )
  expect(refusals.length).toBeGreaterThan(200)
  expect(refusals.filter(({ message }) => VALIDATOR.test(message))).toEqual([])
})

test('refusals of tools have plain messages', () => {
  const refusals = tools.flatMap((tool) => {
    const input = inputOf(tool)
    const given = [
      {},
      { no_such_argument: 1 },
      ...Object.keys(input.shape).flatMap((name) => BAD.map((value) => ({ [name]: value }))),
    ]
    return given.flatMap((one) => {
      const { error } = input.safeParse(one)
      return (error?.issues ?? []).map((issue) => ({ tool: tool.name, message: describeIssue(issue, one) }))
    })
  })
  expect(refusals.length).toBeGreaterThan(1000)
  expect(refusals.filter(({ message }) => VALIDATOR.test(message))).toEqual([])
})

test('refusals of the WebSocket have plain messages', () => {
  const refusals = Object.entries(clientMessages).flatMap(([type, schema]) =>
    Object.keys(schema.shape).flatMap((name) =>
      BAD.flatMap((value) => messageOf(() => readMessage(JSON.stringify({ type, channel: 'prices', [name]: value }))) ?? []),
    ),
  )
  expect(refusals.length).toBeGreaterThan(50)
  expect(refusals.filter((message) => VALIDATOR.test(message))).toEqual([])
})

test('refusals of settings have plain messages', () => {
  const paths = settingsOf(configSchema).map(({ path }) => path)
  // All at once: a refusal lists every mistake, and each load of a configuration costs milliseconds.
  const refusals = [-1, 'x y', [[1]], { a: 1 }].flatMap((value) => {
    const flags = Object.fromEntries(paths.map((path) => [path, value]))
    return messageOf(() => loadConfig({ cwd: home, env: {}, flags }))?.split('\n') ?? []
  })
  expect(refusals.length).toBeGreaterThan(200)
  expect(refusals.filter((message) => VALIDATOR.test(message))).toEqual([])
})

/** Options whose value is checked before anything is opened. */
const CHECKED = new Set(
  'limit timeframe from to type movers period fast slow signal deviations anchor window threshold every days timeout sort count port role outcome after minutes megabytes'.split(
    ' ',
  ),
)
const ARGUMENTS: Readonly<Record<string, string>> = {
  coins: 'bitcoin',
  coin: 'bitcoin',
  statement: 'select 1',
  text: 'btc',
  kind: 'candles',
}
/** Indicators that have an option. */
const INDICATORS: Readonly<Record<string, string>> = {
  ...{ '--fast': 'macd', '--slow': 'macd', '--signal': 'macd', '--deviations': 'bollinger', '--anchor': 'vwap' },
}
/** Options that take any text. */
const FREE = new Set(['dlq replay --from', 'audit --tool'])

test('refusals of commands have plain messages', async () => {
  const refusals: { readonly line: string; readonly message: string }[] = []
  const lines: string[][] = []
  everyCommand(createProgram(), (command) => {
    const words: string[] = []
    for (let at: CliCommand = command; at.parent; at = at.parent as CliCommand) words.unshift(at.name())
    const given = (long: string) =>
      command.registeredArguments
        .filter((argument) => argument.required || argument.name() in ARGUMENTS)
        .map((argument) =>
          words.at(-1) === 'indicators' && argument.name() === 'name'
            ? (INDICATORS[long] ?? 'sma')
            : (ARGUMENTS[argument.name()] ?? 'x'),
        )
    for (const { long, required } of command.options)
      if (required && long && CHECKED.has(long.slice(2)) && !FREE.has(`${words.join(' ')} ${long}`))
        lines.push([
          ...words,
          ...given(long),
          ...(words[0] === 'export' ? ['-o', 'x.csv'] : []),
          ...(words[0] === 'backfill' && long !== '--from' ? ['--from', '-1d'] : []),
          long,
          '7x',
        ])
  })
  for (const line of lines) {
    const program = createProgram()
    const runner: Runner = async (_command, verb, input) => {
      await verb.run(new Session({ home }), input)
    }
    program.runner = runner
    const failure = await program.parseAsync(line, { from: 'user' }).then(
      () => undefined,
      (error: unknown) => error as Error & { code: string },
    )
    expect(failure?.code, line.join(' ')).toMatch(/^(?:BAD_REQUEST|CONFIG_INVALID|commander\..*)$/)
    refusals.push({ line: line.join(' '), message: failure?.message ?? '' })
  }
  expect(refusals.length).toBeGreaterThan(40)
  expect(refusals.filter(({ message }) => VALIDATOR.test(message))).toEqual([])
  expect(refusals.filter(({ message }) => !message.includes('7x'))).toEqual([])
})
