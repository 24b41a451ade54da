import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DockerServiceDSL } from '../../../../lib/src/mcp-tools/index.ts'
import { temporary } from '../../../support/temporary.ts'
import { caller, refusal } from './callDockerTool.ts'

const TOOLS: readonly [name: string, input: object][] = [
  ['docker_start_services', {}],
  ['docker_stop_services', {}],
  ['docker_service_status', {}],
  ['docker_service_health', {}],
  ['docker_service_logs', { service: 'redis' }],
  ['docker_service_stats', {}],
]

const at = (host: string) => caller(new DockerServiceDSL({ project: 'qicore', docker_host: host }))

test.each(TOOLS)('%s without an engine says what to do', async (name, input) => {
  const socket = join(await temporary('no-engine'), 'docker.sock')
  expect(await refusal(at(`unix://${socket}`)(name, input))).toMatch(
    new RegExp(`^UNAVAILABLE: no Docker engine answers at unix://${socket} \\(ENOENT\\): start Docker, or set DOCKER_HOST`),
  )
})

test.each(['tcp://10.0.0.1:2375', 'tcp://example.com:2375', 'ssh://root@127.0.0.1', 'tcp://127.0.0.1.example.com:1'])(
  'an engine elsewhere is not spoken to: %s',
  async (host) => {
    expect(await refusal(at(host)('docker_service_status'))).toMatch(
      /^CONFIG_INVALID: DOCKER_HOST ".*" is no socket or TCP address of this machine/,
    )
  },
)

test.each(['redis; rm -rf /', '--help', '../redis', 'postgres', ''])(
  'a name that is no service is refused: "%s"',
  async (name) => {
    const call = at('unix:///nowhere')
    for (const [tool, input] of TOOLS) {
      const given = tool === 'docker_service_logs' ? { service: name } : { ...input, services: [name] }
      expect(await refusal(call(tool, given))).toMatch(
        /^BAD_REQUEST: .*there is redpanda, timescaledb, clickhouse, redis, console/,
      )
    }
    const dsl = new DockerServiceDSL({ project: 'qicore', docker_host: 'unix:///nowhere' })
    await expect(dsl.stop([name as 'redis'])).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'services' })
  },
)

test('volumes go only with all services', async () => {
  const text = await refusal(at('unix:///nowhere')('docker_stop_services', { services: ['redis'], remove: 'data' }))
  expect(text).toMatch(/^BAD_REQUEST: remove "data" takes away the volumes of all services/)
})

test.each([
  [{ Version: '19.03.1', ApiVersion: '1.40', MinAPIVersion: '1.12' }, /^UNSUPPORTED: .*19\.03\.1.*use Docker 20\.10 or newer/],
  [{ Version: '99.0', ApiVersion: '1.99', MinAPIVersion: '1.90' }, /^UNSUPPORTED: .*1\.90–1\.99/],
  [{ hello: 'world' }, /^BAD_DATA: .*did not answer as a Docker engine does/],
])('an engine whose API is not understood: %j', async (version, message) => {
  const server = createServer((_, response) => response.end(JSON.stringify(version)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await refusal(at(host)('docker_service_status'))).toMatch(message)
})
