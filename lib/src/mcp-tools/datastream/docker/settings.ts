import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'

/** As shipped with this package. */
const ownComposeFile = (): string =>
  join(dirname(findPackageJSON(import.meta.url) ?? process.cwd()), 'deploy', 'docker-compose.yml')

/** Settings of the services' Compose project, and of the engine that runs them. */
export const dockerSettings = z.object({
  compose_file: z
    .string()
    .min(1)
    .optional()
    .describe('the compose file of the services; unset means deploy/docker-compose.yml of this package')
    .meta({ env: 'QICORE_COMPOSE_FILE' }),
  project: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'expected lower-case letters, digits, - and _, such as qicore')
    .default('qicore')
    .describe('the name that their containers and volumes begin with; two platforms on one machine need two'),
  docker_host: z
    .string()
    .min(1)
    .optional()
    .describe('the Docker engine, such as unix:///var/run/docker.sock; unset means its usual socket')
    .meta({ env: 'DOCKER_HOST' }),
})

export type DockerSettings = z.output<typeof dockerSettings>

export const composeFileOf = ({ compose_file: file }: DockerSettings): string => file ?? ownComposeFile()
