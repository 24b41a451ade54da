import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { document, qicore } from './qicore.ts'

const { url } = await testDatabase()
let cwd: string
const run = (...args: readonly string[]) => qicore(args, { cwd, env: { DATABASE_URL: url } })
const file = (name: string, text: string) => writeFile(join(cwd, name), text)

const ONE = '# the first ünïcode\nversion: 1\nfrom: { records: [price] }\nto:\n  - destination: timescaledb   # the store\n'
const TWO = ONE.replace('[price]', '[price, trade]')

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'qicore-pipeline-'))
  await file('qicore.yaml', 'sources: { run: [] }\n')
})

describe('qicore pipeline, while no platform runs', { shuffle: false }, () => {
  test('list shows the built-in pipelines, and which of them run', async () => {
    const { code, stdout } = await run('pipeline', 'list')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^crypto-data +built-in +running +12 topics +timescaledb/m)
    expect(stdout).toMatch(/^prices +built-in +stopped/m)
    expect((await run('pipeline', 'show', 'ohlcv')).stdout).toContain('built-in, stopped; declared in consumers in qicore.yaml')
  })

  test('check lists every problem with its place, and deploys nothing', async () => {
    await file('majors.yaml', ONE.replace('price', 'prise').replace('timescaledb', 'timescale'))
    const { code, stdout } = await run('pipeline', 'check', 'majors.yaml')
    expect(code).toBe(2)
    expect(stdout).toContain('majors.yaml:3:19: from.records[0] "prise": there is no such record type; did you mean price?')
    const deployed = await run('pipeline', 'deploy', 'majors.yaml', '--yes')
    const unknown =
      'majors.yaml:5:18: to[0].destination "timescale": no destination of this name is configured; did you mean timescaledb?'
    expect(stdout.split('\n').slice(1)).toEqual([unknown, '2 problems', ''])
    expect(deployed).toMatchObject({ code: 2, stderr: expect.stringContaining('majors.yaml:3:19') })
    expect(deployed.stderr).toContain(unknown)
    await file('majors.yaml', ONE.replace('timescaledb', 'timescale'))
    expect((await run('pipeline', 'check', 'majors.yaml')).stdout).toContain(unknown)
  })

  test('deploy asks first; with --yes the text is the version that runs, byte for byte', async () => {
    await file('majors.yaml', ONE)
    expect(await run('pipeline', 'check', 'majors.yaml')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no problems; it is not deployed yet'),
    })
    const unasked = await run('pipeline', 'deploy', 'majors.yaml')
    expect(unasked).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Deploy pipeline majors? It runs in every process'),
    })
    expect(unasked.stderr).toContain('--yes')
    expect((await run('pipeline', 'list')).stdout).not.toContain('majors')

    expect(await run('pipeline', 'deploy', 'majors.yaml', '--yes')).toMatchObject({
      code: 0,
      stdout: 'version 1 of majors is deployed\n',
    })
    expect(await run('pipeline', 'pull', 'majors', '-')).toMatchObject({ code: 0, stdout: ONE })
    expect((await run('pipeline', 'deploy', 'majors.yaml', '--yes')).stdout).toContain(
      'version 1 of majors has this text already',
    )
  })

  test('a deploy that was made from an older version is refused', async () => {
    await file('majors.yaml', TWO)
    const { code, stderr } = await run('pipeline', 'deploy', 'majors.yaml', '--replaces', '0', '--yes')
    expect(code).toBe(1)
    expect(stderr).toContain(`a first version was to be deployed, and version 1 runs, deployed by ${userInfo().username} at`)
    expect((await run('pipeline', 'deploy', 'majors.yaml', '--replaces', '1', '--yes')).code).toBe(0)
  })

  test('pull writes the running version, and overwrites a changed file only with --force', async () => {
    expect((await run('pipeline', 'pull', 'majors', 'pulled.yaml')).stdout).toContain('version 2 of majors is in pulled.yaml')
    expect(await readFile(join(cwd, 'pulled.yaml'), 'utf8')).toBe(TWO)
    await file('pulled.yaml', '# my own work\n')
    expect(await run('pipeline', 'pull', 'majors', 'pulled.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--force'),
    })
    expect((await run('pipeline', 'pull', 'majors', 'pulled.yaml', '--force')).code).toBe(0)
  })

  test('stop, resume, rollback and delete leave their lines in history and audit log', async () => {
    expect((await run('pipeline', 'stop', 'majors')).stdout).toContain('stopped majors in every process')
    expect((await run('pipeline', 'show', 'majors')).stdout).toContain('deployed, version 2, stopped')
    expect((await run('pipeline', 'resume', 'majors')).code).toBe(0)
    expect(await run('pipeline', 'resume', 'majors', '--destination', 'lake')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('pipeline majors has no output "lake"'),
    })
    expect((await run('pipeline', 'rollback', 'majors', '1', '--yes')).stdout).toContain('version 1 of majors is deployed')
    expect((await run('pipeline', 'pull', 'majors', '-')).stdout).toBe(ONE)
    expect((await run('pipeline', 'show', 'majors', '2')).stdout).toContain('records: [price, trade]')
    expect((await run('pipeline', 'delete', 'majors', '--yes')).code).toBe(0)
    const events = document<{ event: string; by: string }[]>(await run('pipeline', 'history', 'majors', '--json'))
    expect(events.map(({ event }) => event)).toEqual(['deleted', 'rolled_back', 'resumed', 'stopped', 'deployed', 'deployed'])
    expect(events[0]?.by).toBe(userInfo().username)
    expect((await run('pipeline', 'show', 'majors')).code).toBe(4)
  })

  test('tail and dlq know the topics of pipelines, and suggest names', async () => {
    await file('fast.yaml', 'version: 1\nfrom: { records: [price] }\nto: [{ topic: fast-prices, record: price }]\n')
    expect((await run('pipeline', 'deploy', 'fast.yaml', '--yes')).code).toBe(0)
    expect((await run('tail', 'fast-prices', '--until-end')).code).toBe(0)
    expect((await run('dlq', 'list', '--topic', 'fast-prices')).code).toBe(0)
    expect((await run('tail', 'fast-price', '--until-end')).stderr).toContain('did you mean fast-prices?')
    expect((await run('dlq', 'replay', '--id', 'fast-prices.dlq/0/7')).stdout).toContain(
      'there is no dead letter fast-prices.dlq/0/7',
    )
  })

  test('built-in pipelines can be changed only in the configuration', async () => {
    expect(await run('pipeline', 'stop', 'crypto-data')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('declared by consumers in qicore.yaml; change it there'),
    })
    await file('crypto-data.yaml', ONE)
    expect((await run('pipeline', 'check', 'crypto-data.yaml')).stdout).toContain(
      'the name crypto-data is that of the built-in pipeline crypto-data',
    )
  })
})
