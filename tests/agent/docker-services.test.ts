import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Incident } from '../../lib/src/base/agent/index.ts'
import { testDatabase } from '../support/database.ts'
import { type DockerEngineProcess, mountsBelow, startDockerEngine } from '../support/docker.ts'
import { processesOf } from '../support/run/leftovers.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { type HostedAgents, hostedAgents } from './hostedAgents.ts'

interface Up {
  readonly healthy: number
  readonly services: readonly { readonly service: string; readonly container: string; readonly state: string }[]
  readonly statistics: readonly { readonly service: string; readonly memory_bytes: number }[]
  readonly text: string
}
interface Watched {
  readonly watching: boolean
  readonly health: { readonly healthy: number }
  readonly incidents: readonly Incident[]
  readonly text: string
}

const SERVICES = join(import.meta.dirname, '../mcp-tools/datastream/docker/services.yml')

describeWith(['docker', 'compose'], 'the agent of the services', () => {
  let engine: DockerEngineProcess
  let hosted: HostedAgents
  let compose: string

  beforeAll(async () => {
    engine = await startDockerEngine()
    for (const [name, value] of Object.entries({ ...engine.env, TIMESCALEDB_PASSWORD: 'secret' })) vi.stubEnv(name, value)
    const { url } = await testDatabase()
    compose = join(engine.folder, 'services.yml')
    await copyFile(SERVICES, compose)
    hosted = await hostedAgents({
      databaseUrl: url,
      run: ['docker-services'],
      yaml: [
        `services: { compose_file: ${compose}, project: qicore-agent, docker_host: "${engine.host}" }`,
        'agents: { docker-services: { first_wait_ms: 1, attempts: 2 } }',
      ].join('\n'),
    })
  })
  afterAll(async () => {
    await hosted?.[Symbol.asyncDispose]()
    await engine?.stop()
    vi.unstubAllEnvs()
  })

  const run = async <T>(workflow: string, input: object = {}): Promise<T> => {
    const agent = await hosted.host.agent('docker-services')
    return (await (
      await agent.submit(workflow, input)
    ).result) as T
  }
  const states = async () => new Map((await hosted.platform.services.status()).map((one) => [one.service, one]))

  test('up, healthy, one killed, noticed, started again, logs read, one stopped and left alone, down; nothing stays', async () => {
    const up = await run<Up>('main')
    expect(up).toMatchObject({ healthy: 5, total: 5 })
    expect(up.text).toContain('5 of 5 services are healthy')
    expect(up.statistics).toHaveLength(5)
    for (const { memory_bytes } of up.statistics) expect(memory_bytes).toBeGreaterThan(0)

    await until(async () => (await run<Watched>('watch')).watching, 'the agent to listen')
    const redis = up.services.find(({ service }) => service === 'redis')?.container as string
    const started = (await states()).get('redis')?.started_at
    await engine.docker('kill', redis)
    const watched = await until(async () => {
      const found = await run<Watched>('watch')
      return found.incidents[0]?.until ? found : undefined
    }, 'the end of the incident')
    expect(watched).toMatchObject({ watching: true, health: { healthy: 5 } })
    expect(watched.incidents).toMatchObject([
      {
        ...{ part: 'service redis', status: 'down', code: 'UNAVAILABLE', why: 'it ended with exit code 137 (killed)' },
        ...{ done: [{ what: 'started, attempt 1: healthy' }], ending: 'it was started again and is healthy' },
      },
    ])
    expect(watched.incidents[0]?.evidence).toContain('line 40 of redis')
    expect(watched.text).toMatch(
      /service redis was down from .*exit code 137 \(killed\).*attempt 1: healthy.*The last that it said: (line 40 of redis|warned)/,
    )
    const now = (await states()).get('redis')
    expect(now).toMatchObject({ state: 'running', health: 'healthy', container: redis })
    expect(now?.started_at).not.toBe(started)
    const kept = () => hosted.platform.store.pool.query('select part, done from incidents where until is not null')
    const rows = await until(async () => (await kept()).rows[0] && (await kept()).rows, 'the incident in the store')
    expect(rows).toMatchObject([{ part: 'service redis', done: [{ what: 'started, attempt 1: healthy' }] }])

    const { items } = await run<{ items: { service: string; lines: string[] }[] }>('logs', {
      services: ['redis'],
      lines: 2,
      contains: 'line ',
    })
    expect(items[0]?.lines.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(['line 39 of redis', 'line 40 of redis'])

    await run('down', { services: ['console'] })
    expect((await states()).get('console')).toMatchObject({ state: 'exited' })
    // The later kill was noticed, so the earlier stop was seen too, and left alone.
    await engine.docker('kill', redis)
    const later = await until(async () => {
      const found = await run<Watched>('watch')
      return found.incidents[0]?.until && found.incidents.length === 2 ? found : undefined
    }, 'the end of the second incident')
    expect(later.incidents.map(({ part }) => part)).toEqual(['service redis', 'service redis'])
    expect((await states()).get('console')).toMatchObject({ state: 'exited' })
    expect(later.health).toMatchObject({ healthy: 4 })
    expect(await (await hosted.host.agent('docker-services')).health()).toMatchObject({ ok: true })

    // Nothing can be started with a file that Compose does not understand.
    await writeFile(compose, 'services: 1')
    await engine.docker('kill', redis)
    const agent = await hosted.host.agent('docker-services')
    const unwell = await until(async () => {
      const found = await agent.health()
      return found.summary.includes('given up after 2 attempts') ? found : undefined
    }, 'the agent to give up')
    expect(unwell).toMatchObject({ ok: false, summary: expect.stringMatching(/service redis is down since .*It goes on/) })
    await copyFile(SERVICES, compose)
    await run('main', { services: ['redis'] })
    await until(async () => (await agent.health()).ok, 'the agent to see that it is healthy')
    const [ended] = (await run<Watched>('watch')).incidents
    expect(ended).toMatchObject({ ending: 'it was started by hand and is healthy', done: { length: 3 } })

    const removal = await agent.submit('down', { remove: 'data' })
    const asked = await until(async () => (await hosted.host.runner.status(removal.id))?.questions[0], 'a question')
    expect(asked.question).toMatch(/ALL THAT IS STORED/)
    expect((await states()).get('timescaledb')).toMatchObject({ state: 'running' })
    await hosted.host.runner.decide(removal.id, { approved: true })
    await removal.result
    expect(await engine.docker('ps', '--all', '--quiet')).toBe('')
    expect(await engine.docker('volume', 'ls', '--quiet')).toBe('')
    expect((await run<Watched>('watch')).incidents).toHaveLength(3)

    const { folder } = engine
    await engine.stop()
    expect(processesOf(folder)).toEqual([])
    expect(await mountsBelow(folder)).toEqual([])
    await until(async () => !(await agent.health()).ok, 'the agent to miss the engine')
    await expect(run('main')).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/start Docker/) })
    engine = await startDockerEngine()
  })
})
