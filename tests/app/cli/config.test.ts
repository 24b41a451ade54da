import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporary } from '../../support/temporary.ts'
import { document, failure, qicore } from './qicore.ts'

interface Shown {
  readonly project: string
  readonly settings: readonly { readonly path: string; readonly value?: unknown; readonly from: string }[]
}

async function project(yaml?: string): Promise<string> {
  const folder = await temporary('config')
  if (yaml !== undefined) await writeFile(join(folder, 'qicore.yaml'), yaml)
  return folder
}

/** An environment without the settings of the tests. */
const NOTHING = { QICORE_DATABASE_PORT: '' }

describe('config show', () => {
  it('names where each value came from, flags over environment over file', async () => {
    const cwd = await project('server:\n  port: 9000\npartitions: 3\nlog:\n  level: warn\n')
    const env = { QICORE_PORT: '9100', QICORE_HOME: '/elsewhere' }
    const { settings } = document<Shown>(await qicore(['config', 'show', '--json', '--home', '/from-a-flag'], { cwd, env }))
    const of = (path: string) => settings.find((setting) => setting.path === path)
    expect(of('server.port')).toMatchObject({ value: 9100, from: 'environment QICORE_PORT' })
    expect(of('partitions')).toMatchObject({ value: 3, from: 'qicore.yaml' })
    expect(of('home')).toMatchObject({ value: '/from-a-flag', from: 'flag --home' })
    expect(of('server.host')).toMatchObject({ value: '127.0.0.1', from: 'default' })
  })

  it('shows no secret, and addresses without their password', async () => {
    const env = {
      QICORE_TOKEN: 'a-token-of-more-than-16',
      COINGECKO_API_KEY: 'CG-secret-key',
      DATABASE_URL: 'postgres://me:hunter2@db.example:5432/market',
    }
    const cwd = await project()
    for (const flags of [[], ['--json'], ['--set']]) {
      const { stdout, stderr } = await qicore(['config', 'show', ...flags], { cwd, env })
      expect(stdout + stderr).not.toMatch(/a-token-of-more|CG-secret|hunter2/)
      expect(stdout).toContain('postgres://me:***@db.example:5432/market')
      expect(stdout).toContain('(set)')
    }
  })

  it('shows each setting of destinations, secrets as set, and no value of an unknown one', async () => {
    const secret = `whsec_${Buffer.alloc(32, 'hidden').toString('base64')}`
    const cwd = await project(`destinations:
  hook: { type: webhook, url: 'https://hooks.example/T0KEN/x?y=T0KEN', secret: ${secret}, max_records: 7, secert: hunter2, tls: { ca: a.pem } }
  other: { type: webhok, secret: hunter2 }
`)
    const { settings } = document<Shown>(await qicore(['config', 'show', '--json', '--set'], { cwd, env: NOTHING }))
    const of = Object.fromEntries(settings.map(({ path, value }) => [path, value]))
    expect(of).toEqual({
      'destinations.hook.type': 'webhook',
      'destinations.hook.url': 'https://hooks.example/***',
      'destinations.hook.secret': '(set)',
      'destinations.hook.max_records': 7,
      'destinations.hook.secert': '(unknown setting)',
      'destinations.hook.tls.ca': 'a.pem',
      'destinations.other.type': 'webhok',
      'destinations.other.secret': '(unknown setting)',
    })
    const { stdout, stderr } = await qicore(['config', 'show'], { cwd })
    for (const hidden of [secret, 'T0KEN', 'hunter2']) expect(stdout + stderr).not.toContain(hidden)
  })

  it('lists with --set only settings that differ from the defaults', async () => {
    const { stdout } = await qicore(['config', 'show', '--set'], { cwd: await project('partitions: 3\n') })
    expect(stdout).toMatch(/^partitions +3 +qicore\.yaml/m)
    expect(stdout).not.toContain('server.host')
  })
})

describe('config check', () => {
  it('passes without a file', async () => {
    const cwd = await project()
    expect(document(await qicore(['config', 'check', '--json'], { cwd, env: NOTHING }))).toEqual({
      ok: true,
      project: cwd,
      file: null,
      set: 0,
    })
  })

  it('lists all mistakes at once, with suggestions', async () => {
    const cwd = await project('servr:\n  port: 9000\npartitions: many\n')
    const end = await qicore(['config', 'check'], { cwd, env: { QICORE_PROT: '1' } })
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toMatch(/^error: 3 problems\n/)
    expect(end.stderr).toContain('unknown setting servr; did you mean server?')
    expect(end.stderr).toContain('unknown variable QICORE_PROT; did you mean QICORE_PORT?')
    expect(end.stderr).toContain('partitions "many" (qicore.yaml)')
    expect(end.stderr).not.toContain('    at ')
  })

  it('names wrong settings of a destination, and shows no secret', async () => {
    const cwd = await project('destinations: { hook: { type: webhook, url: "https://hooks.example", secret: hunter2 } }\n')
    const end = await qicore(['config', 'check'], { cwd })
    expect(end).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('destinations.hook.secret: must be whsec_'),
    })
    expect(end.stderr).not.toContain('hunter2')
  })

  it('names line and column in a file that is no YAML', async () => {
    const end = await qicore(['config', 'check', '--json'], { cwd: await project('server: [\n') })
    expect(end.code).toBe(2)
    expect(failure(end)).toMatchObject({
      code: 'CONFIG_INVALID',
      exit_code: 2,
      message: expect.stringMatching(/qicore\.yaml: .*line \d/),
    })
  })
})

describe('up with wrong settings', () => {
  it('does not start on a public address without a token', async () => {
    const end = await qicore(['up', '--host', '0.0.0.0'], { cwd: await project() })
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toContain('set QICORE_TOKEN')
  })

  it('names the known sources', async () => {
    const end = await qicore(['up', '--sources', 'coingeko'], { cwd: await project() })
    expect(end.code).toBe(2)
    expect(end.stderr).toContain('coingeko')
    expect(end.stderr).toContain('coingecko')
  })
})

it('an address with an unescaped password is refused with a remedy, and no part of it is shown', async () => {
  const env = { DATABASE_URL: 'postgres://app:p@ss/w%rd@127.0.0.1:47432/x' }
  const cwd = await project()
  for (const command of [['config', 'show'], ['config', 'show', '--json'], ['doctor'], ['doctor', '--json'], ['status']]) {
    const { stdout, stderr } = await qicore(command, { cwd, env })
    expect(stdout + stderr).toMatch(/database\.url \(secret\).*%40 for @, %2F for \//)
    expect(stdout + stderr).not.toMatch(/ss\/w|w%rd|p@ss/)
  }
})
