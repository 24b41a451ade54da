import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProject, type Project } from './project.ts'
import { document, qicore, up } from './qicore.ts'

interface Diagnosis {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly verdict: string
    readonly summary: string
    readonly remedy?: string
  }[]
}

let project: Project
beforeAll(async () => {
  project = await makeProject('doctor')
})
afterAll(() => project[Symbol.asyncDispose]())

async function examine(env: Readonly<Record<string, string>>, exit: number) {
  const { ok, checks } = document<Diagnosis>(
    await qicore(['doctor', '--json'], { cwd: project.cwd, env: { QICORE_SOURCES: 'simulated', ...env } }),
    exit,
  )
  return { ok, of: (name: string) => checks.find((check) => check.name === name) }
}

describe('doctor', () => {
  it('finds that the embedded engines work, and leaves none of them running', async () => {
    const platform = await up({ cwd: project.cwd, env: { QICORE_SOURCES: 'none' } })
    await platform.stop()
    const { ok, of } = await examine({}, 0)
    expect(ok).toBe(true)
    for (const name of ['node', 'settings', 'data folder', 'platform', 'store', 'stream', 'source simulated'])
      expect(of(name), name).toMatchObject({ verdict: 'ok' })
    for (const name of ['TimescaleDB', 'Redpanda', 'schema registry'])
      expect(of(name), name).toMatchObject({ verdict: 'unused', remedy: expect.any(String) })
    expect(await project.databaseRuns()).toBe(false)
  })

  it('names each engine that cannot be reached, with a remedy and without a password', async () => {
    const { of } = await examine(
      {
        DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/market',
        REDPANDA_BROKERS: '127.0.0.1:9',
        SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9',
        COINGECKO_BASE_URL: 'http://127.0.0.1:9',
        QICORE_SOURCES: 'coingecko',
      },
      1,
    )
    expect(of('store')).toMatchObject({ verdict: 'failed', remedy: expect.stringContaining('DATABASE_URL') })
    expect(of('store')?.summary).toContain('postgres://me:***@127.0.0.1:9/market')
    expect(of('stream')).toMatchObject({ verdict: 'failed', remedy: expect.stringContaining('REDPANDA_BROKERS') })
    expect(of('schema registry')).toMatchObject({ verdict: 'failed', remedy: expect.stringContaining('SCHEMA_REGISTRY_URL') })
    expect(of('source coingecko')).toMatchObject({ verdict: 'failed', remedy: expect.stringContaining('COINGECKO_BASE_URL') })
  })

  it('lists the mistakes in the settings instead of trying engines', async () => {
    await using broken = await makeProject('broken', 'partitions: 0\n')
    const { checks } = document<Diagnosis>(await qicore(['doctor', '--json'], { cwd: broken.cwd }), 1)
    expect(checks.find(({ name }) => name === 'settings')).toMatchObject({
      verdict: 'failed',
      summary: expect.stringContaining('partitions 0'),
    })
    expect(checks.find(({ name }) => name === 'engines')).toMatchObject({ verdict: 'unused' })
  })

  it('distinguishes a schema registry from another HTTP server', async () => {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.headers.authorization === `Basic ${Buffer.from('me:p@ss').toString('base64')}`)
        response.end(
          request.url === '/subjects'
            ? '["crypto-prices-value"]'
            : '{"id":1,"compatibilityLevel":"BACKWARD","is_compatible":true}',
        )
      else response.writeHead(401).end('{}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      expect((await examine({ SCHEMA_REGISTRY_URL: `http://${at}` }, 1)).of('schema registry')).toMatchObject({
        verdict: 'failed',
        summary: expect.stringContaining('401'),
      })
      expect((await examine({ SCHEMA_REGISTRY_URL: `http://me:p%40ss@${at}` }, 0)).of('schema registry')).toMatchObject({
        verdict: 'ok',
        summary: expect.stringContaining(`http://${at} holds 1 subject, 1 of ours (BACKWARD: crypto-prices)`),
        details: { 'crypto-prices-value': 'BACKWARD' },
      })
    } finally {
      server.close()
    }
  })

  it('prints a line with a mark for each check', async () => {
    const { code, stdout } = await qicore(['doctor'], { cwd: project.cwd, env: { QICORE_SOURCES: 'none' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^✔ node +Node 24/m)
    expect(stdout).toMatch(/^– schema registry +not configured\n +→ /m)
    expect(stdout).toMatch(/\nall checks passed\n$/)
  })

  it('reports a data folder that is a file', async () => {
    const file = join(project.cwd, 'a-file')
    await writeFile(file, '')
    const { of } = await examine({ QICORE_HOME: join(file, 'home') }, 1)
    expect(of('data folder')).toMatchObject({ verdict: 'failed', remedy: expect.stringContaining('QICORE_HOME') })
    expect(of('store')).toMatchObject({ verdict: 'failed' })
  })
})
