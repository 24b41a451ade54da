import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { SERVICE_NAMES } from '../../../../lib/src/base/types/index.ts'
import { composePlugins } from '../../../support/run/available.ts'
import { describeWith } from '../../../support/services.ts'

const FILE = join(resolve(import.meta.dirname, '../../../..'), 'deploy/docker-compose.yml')
const PASSWORDS = { TIMESCALEDB_PASSWORD: 'one', CLICKHOUSE_PASSWORD: 'two', REDIS_PASSWORD: 'three' }

interface Service {
  readonly image: string
  readonly healthcheck?: object
  readonly ports?: readonly { readonly host_ip?: string }[]
}

describeWith('compose', 'deploy/docker-compose.yml', () => {
  const config = async (passwords: object) => {
    const env = { PATH: process.env.PATH, DOCKER_CONFIG: composePlugins(), ...passwords }
    const args = ['compose', '--env-file', '/dev/null', '-f', FILE, 'config', '--format', 'json']
    return JSON.parse((await promisify(execFile)('docker', args, { env })).stdout) as { services: Record<string, Service> }
  }

  test('has the five services, each with a version, a health check and ports of this machine alone', async () => {
    const { services } = await config(PASSWORDS)
    expect(Object.keys(services).sort()).toEqual([...SERVICE_NAMES].sort())
    for (const { image, healthcheck, ports = [] } of Object.values(services)) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+[\w.-]*$/)
      expect(healthcheck).toBeDefined()
      expect(ports.map((port) => port.host_ip)).toEqual(ports.map(() => '127.0.0.1'))
    }
  })

  test.each(Object.keys(PASSWORDS))('without %s it says so', async (name) => {
    await expect(config({ ...PASSWORDS, [name]: undefined })).rejects.toThrow(
      `required variable ${name} is missing a value: choose a password`,
    )
  })
})
