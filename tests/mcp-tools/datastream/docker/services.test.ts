import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceEvent, ServiceLogs, ServiceStatus } from '../../../../lib/src/base/types/index.ts'
import { DockerServiceDSL, toolNamed } from '../../../../lib/src/mcp-tools/index.ts'
import { type DockerEngineProcess, mountsBelow, startDockerEngine } from '../../../support/docker.ts'
import { processesOf } from '../../../support/run/leftovers.ts'
import { describeWith } from '../../../support/services.ts'
import { caller, refusal } from './callDockerTool.ts'

const FIVE = ['redpanda', 'timescaledb', 'clickhouse', 'redis', 'console']

describeWith(['docker', 'compose'], 'services on a Docker engine', () => {
  let engine: DockerEngineProcess
  let dsl: DockerServiceDSL
  let call: ReturnType<typeof caller>

  const over = (env: NodeJS.ProcessEnv) =>
    new DockerServiceDSL(
      { compose_file: join(import.meta.dirname, 'services.yml'), project: 'qicore-services', docker_host: engine.host },
      { ...engine.env, ...env },
    )
  const statuses = async (): Promise<readonly ServiceStatus[]> => {
    const { structured } = await call('docker_service_status')
    return structured.items as ServiceStatus[]
  }

  beforeAll(async () => {
    engine = await startDockerEngine()
    dsl = over({ TIMESCALEDB_PASSWORD: 'secret' })
    call = caller(dsl)
  })
  afterAll(() => engine?.stop())

  test('up, healthy, one killed, noticed, restarted, logs read, statistics, down; nothing stays', async () => {
    const told: string[] = []
    const up = await call('docker_start_services', {}, told)
    expect(up.structured.items).toHaveLength(5)
    expect((await call('docker_service_health')).structured).toMatchObject({ healthy: 5, total: 5 })
    expect(told.at(-1)).toBe('5/5 all are healthy')

    const listening = new AbortController()
    const events = await dsl.events(listening.signal)
    const before = await statuses()
    await engine.docker('kill', before.find(({ service }) => service === 'redis')?.container as string)
    expect(await nextOf(events, 'die')).toMatchObject({ service: 'redis', exit_code: 137 })
    listening.abort()
    expect(await statuses()).toContainEqual(expect.objectContaining({ service: 'redis', state: 'exited', exit_code: 137 }))
    expect((await call('docker_service_health')).structured).toMatchObject({ healthy: 4, total: 5 })

    await call('docker_start_services', { services: ['redis'] })
    const after = await statuses()
    for (const now of after) {
      const then = before.find(({ service }) => service === now.service)
      expect(now).toMatchObject({ state: 'running', health: 'healthy', container: then?.container })
      expect(now.started_at === then?.started_at).toBe(now.service !== 'redis') // the others were left alone
    }

    const { structured: used } = await call('docker_service_stats', { services: ['redis', 'console'] })
    expect(used).toMatchObject({ items: [{ service: 'redis' }, { service: 'console' }], not_running: [] })
    for (const item of used.items as { memory_bytes: number; processes: number }[]) {
      expect(item.memory_bytes).toBeGreaterThan(0)
      expect(item.processes).toBeGreaterThan(0)
    }

    await expect.poll(() => allLines('redis')).toEqual([...startOf('redis'), ...startOf('redis')]) // it was started twice
    const { structured: matching } = await call('docker_service_logs', { service: 'console', contains: 'LINE 7 ' })
    expect(matching.items).toMatchObject([{ stream: 'stdout', line: 'line 7 of console' }])
    const { structured: errors } = await call('docker_service_logs', { service: 'console', contains: 'warned' })
    expect(errors).toMatchObject({ items: [{ stream: 'stderr', line: 'warned' }] })

    expect(toolNamed('docker_stop_services').question?.({ remove: 'data' })).toMatch(/ALL THAT IS STORED/)
    await call('docker_stop_services', { services: ['console'] })
    expect((await call('docker_service_stats', { services: ['console'] })).structured).toMatchObject({
      items: [],
      not_running: ['console'],
    })
    const down = await call('docker_stop_services', { remove: 'data' })
    expect(down.structured.items).toEqual(FIVE.map((service) => ({ service, state: 'absent' })))
    expect(await engine.docker('ps', '--all', '--quiet')).toBe('')
    expect(await engine.docker('volume', 'ls', '--quiet')).toBe('')
    expect(await refusal(call('docker_service_logs', { service: 'redis' }))).toMatch(/^NOT_FOUND: .*docker_start_services/)

    await engine.stop()
    expect(processesOf(engine.folder)).toEqual([])
    expect(await mountsBelow(engine.folder)).toEqual([])
    engine = await startDockerEngine()
    dsl = over({ TIMESCALEDB_PASSWORD: 'secret' })
    call = caller(dsl)
  })

  test('without a password nothing starts, and it is named', async () => {
    const without = caller(over({ TIMESCALEDB_PASSWORD: undefined }))
    expect(await refusal(without('docker_start_services'))).toBe(
      'CONFIG_INVALID: TIMESCALEDB_PASSWORD is not set: choose a password.',
    )
    expect(await engine.docker('ps', '--all', '--quiet')).toBe('')
  })

  test('a container of another project is neither seen nor stopped', async () => {
    const id = await engine.docker(
      ...['run', '--detach', '--network=host', '--name=stranger', '--label=com.docker.compose.project=other'],
      ...['--label=com.docker.compose.service=redis', 'qicore-test:1', 'sleep', '3600'],
    )
    const states = (await statuses()).map(({ state }) => state)
    expect(states).toEqual(FIVE.map(() => 'absent'))
    await call('docker_stop_services', { remove: 'data' })
    expect(await engine.docker('ps', '--quiet', '--no-trunc')).toBe(id)
    await engine.docker('rm', '--force', 'stranger')
  })

  async function allLines(service: string): Promise<string[]> {
    const lines: string[] = []
    let after: string | undefined
    do {
      const { structured } = await call('docker_service_logs', { service, lines: 20, ...(after && { after }) })
      lines.unshift(
        ...(structured.items as ServiceLogs['lines']).filter(({ stream }) => stream === 'stdout').map(({ line }) => line),
      )
      after = structured.next as string | undefined
    } while (after)
    return lines
  }
})

const startOf = (service: string): string[] => [
  `ready on ${service}`,
  ...Array.from({ length: 40 }, (_, at) => `line ${at + 1} of ${service}`),
]

async function nextOf(events: AsyncIterable<ServiceEvent>, action: string): Promise<ServiceEvent | undefined> {
  for await (const event of events) if (event.action === action) return event
}
