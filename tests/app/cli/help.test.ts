import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { CliCommand } from '../../../app/cli/CliCommand.ts'
import { createProgram, everyCommand } from '../../../app/cli/program.ts'
import { MAIN, qicore } from './qicore.ts'

const cwd = '/'

describe('help', () => {
  it('does not load the library, so that it answers at once', () => {
    const hook = `
      import { registerHooks } from 'node:module'
      registerHooks({ load: (url, context, next) => { if (url.includes('/lib/src/')) console.error('loaded', url); return next(url, context) } })`
    const run = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, MAIN, 'up', '--help'],
      { encoding: 'utf8' },
    )
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout).toContain('Usage: qicore up')
  })

  it('exists for every command, with an example for each verb', () => {
    everyCommand(createProgram(), (command: CliCommand) => {
      expect(command.description(), command.name()).not.toBe('')
      if (command.commands.length === 0) expect(command.examples.length, command.name()).toBeGreaterThan(0)
    })
  })

  it('prints the version', async () => {
    expect(await qicore(['--version'], { cwd })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})

describe('a wrong command line', () => {
  it('suggests the command that was meant', async () => {
    const end = await qicore(['qurey', 'latest'], { cwd })
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toContain("error: unknown command 'qurey' (Did you mean query?)")
  })

  it('suggests the flag that was meant', async () => {
    const end = await qicore(['query', 'candles', 'bitcoin', '--timefram', '1d'], { cwd })
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toContain("error: unknown option '--timefram' (Did you mean --timeframe?)")
  })

  it('is an error in JSON with --json', async () => {
    const end = await qicore(['query', 'candles', '--json'], { cwd })
    expect(end.stdout).toBe('')
    expect(JSON.parse(end.stderr)).toEqual({
      error: { code: 'BAD_REQUEST', message: "missing required argument 'coin'", retryable: false, exit_code: 2 },
    })
  })

  it('says what a flag expects', async () => {
    expect((await qicore(['tail', '-n', 'many'], { cwd })).stderr).toContain('expected a whole number from 1 on')
  })
})
