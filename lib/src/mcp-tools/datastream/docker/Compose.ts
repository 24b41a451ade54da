import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { abortError } from '../../../base/networking/index.ts'
import { QiError, systemCode } from '../../../base/types/index.ts'
import { explainCompose } from './composeErrors.ts'

export interface ComposeOptions {
  readonly file: string
  readonly project: string
  readonly dockerHost: string
  readonly env: NodeJS.ProcessEnv
}

/** Characters of its output that an error quotes: the end. */
const KEPT_OUTPUT = 16 * 1024

/** How long it may take to end in good order before it is killed, in milliseconds. */
const GRACE_MS = 10_000

/** `docker compose` as a child process, without a shell, on our file and project only. */
export class Compose {
  readonly #options: ComposeOptions

  constructor(options: ComposeOptions) {
    this.#options = options
  }

  /** @throws QiError naming what is missing and what to do, or what the signal says */
  async run(args: readonly string[], signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortError(signal)
    const { file, project, dockerHost, env } = this.#options
    // COMPOSE_FILE and its like would make it another project.
    const own = Object.entries(env).filter(([name]) => !name.startsWith('COMPOSE_'))
    const child = spawn('docker', ['compose', '--ansi', 'never', '-p', project, '-f', file, ...args], {
      env: { ...Object.fromEntries(own), DOCKER_HOST: dockerHost },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32', // Compose is a child of docker's: the group is ended as one
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-KEPT_OUTPUT)
      })
    const onAbort = () => end(child)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const [code] = (await once(child, 'close')) as [number | null]
      if (signal?.aborted) throw abortError(signal)
      if (code !== 0) throw explainCompose(output, this.#options)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      throw new QiError(
        'UNAVAILABLE',
        'the program docker is not on the PATH: install Docker (https://docs.docker.com/engine/install)',
        {
          cause: error,
        },
      )
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

function end(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  const patience = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS)
  child.once('close', () => clearTimeout(patience))
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // it ended meanwhile
  }
}
