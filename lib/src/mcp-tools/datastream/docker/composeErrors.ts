import { QiError } from '../../../base/types/index.ts'

interface Setting {
  readonly file: string
  readonly dockerHost: string
}

/** The output of a failed Compose as an error with a remedy. */
export function explainCompose(output: string, { file, dockerHost }: Setting): QiError {
  const unset = [...output.matchAll(/required variable (\w+) is missing a value(?:: ([^\n"]+))?/g)]
  const [first] = unset
  if (first)
    return new QiError('CONFIG_INVALID', `${first[1]} is not set: ${first[2]?.trim() ?? `set it, ${file} asks for it`}`, {
      field: first[1] as string,
    })
  if (/'compose' is not a docker command|unknown (shorthand )?flag|unknown command: docker compose/.test(output))
    return new QiError(
      'UNAVAILABLE',
      'docker has no Compose 2: install its plugin (Debian, Ubuntu: docker-compose-plugin or docker-compose-v2)',
      {
        retryable: false,
      },
    )
  if (/no such file or directory/.test(output) && output.includes(file))
    return new QiError('CONFIG_INVALID', `${file} cannot be read: set QICORE_COMPOSE_FILE to the compose file of the services`, {
      field: 'services.compose_file',
    })
  if (/Cannot connect to the Docker daemon|error during connect/i.test(output))
    return new QiError('UNAVAILABLE', `no Docker engine answers at ${dockerHost}: start Docker, or set DOCKER_HOST`)
  const port = /(?:Bind for|listen tcp4?) ([\d.]+:\d+)[^\n]*(?:already allocated|address already in use)/.exec(output)
  if (port) return new QiError('CONFLICT', `${port[1]} is in use by another program: stop it, or change the port in ${file}`)
  return new QiError('UNAVAILABLE', `docker compose failed: ${lastWords(output)}`)
}

const lastWords = (output: string): string => {
  const lines = output.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).slice(-3).join('; ').slice(-500) || 'it said nothing'
}
