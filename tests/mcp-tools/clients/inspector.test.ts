import { execFile } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolNamed, toolOffer } from '../../../lib/src/mcp-tools/index.ts'
import { inspector } from '../../support/run/available.ts'
import { describeWith } from '../../support/services.ts'
import { minimalArguments } from '../consumer/minimalArguments.ts'
import { type Served, servePlatform } from './served.ts'

const names = toolOffer().tools.map(({ name }) => name)

describeWith('inspector', 'the MCP Inspector', () => {
  let served: Served
  beforeAll(async () => {
    served = await servePlatform()
  })
  afterAll(() => served[Symbol.asyncDispose]())

  const targets = {
    HTTP: () => ['--transport', 'http', served.url],
    stdio: () => [served.command, ...served.args],
  }

  const run = (target: keyof typeof targets, args: readonly string[]) =>
    new Promise<string>((resolve) => {
      // It gives a server 15 s to start by itself; on a busy machine that is too little for five at once.
      const all = [inspector(), '--cli', ...targets[target](), '--connect-timeout', '0', ...args]
      execFile(
        process.execPath,
        all,
        { cwd: served.cwd, env: { ...served.env, MCP_CATALOG_PATH: `${served.cwd}/mcp.json` } },
        (_error, stdout, stderr) => resolve(`${stdout}${stderr}`),
      )
    })

  test.each(['HTTP', 'stdio'] as const)('lists every tool over %s, and finds no fault with their schemas', async (target) => {
    const output = await run(target, ['--method', 'tools/list', '--strict'])
    for (const name of names) expect(output).toContain(`"name": "${name}"`)
    expect(output).toMatch(/\b0 errors\b/)
  })

  const calls = names.flatMap((name) => (['HTTP', 'stdio'] as const).map((target) => [name, target] as const))
  test.concurrent.each(calls)('calls %s over %s', async (name, target) => {
    const given = Object.entries(minimalArguments(toolNamed(name)))
    const pairs = given.map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    const output = await run(target, [
      '--method',
      'tools/call',
      '--tool-name',
      name,
      ...pairs.flatMap((pair) => ['--tool-arg', pair]),
    ])
    // An answer, or a refusal in our own words: either came from the tool.
    expect(output).toMatch(/"content": \[\s*\{\s*"type": "text",\s*"text": "[^"]/)
    expect(output).not.toMatch(/"text": "INTERNAL/)
  })
})
