import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ended } from './qicore.ts'
import type { WarmRequest } from './warmProcess.ts'

const PROCESS = fileURLToPath(new URL('warmProcess.ts', import.meta.url))

type Answer = Ended | { readonly failure: string }

/** A process that has the command line loaded and runs one command after the other. Loading is most of what a command costs. */
export class WarmCli {
  #child: ChildProcess | undefined
  #waiting: ((answer: Answer) => void) | undefined

  /** True while a command runs. */
  get busy(): boolean {
    return this.#waiting !== undefined
  }

  async run(request: WarmRequest): Promise<Ended> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting = resolve
    const child = this.#started()
    child.ref()
    child.channel?.ref()
    child.send(request)
    const answer = await promise
    this.#waiting = undefined
    child.unref()
    child.channel?.unref()
    if ('failure' in answer) throw new Error(`qicore ${request.args.join(' ')}: ${answer.failure}`)
    return answer
  }

  #started(): ChildProcess {
    if (this.#child?.connected) return this.#child
    const child = fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', (answer: Answer) => this.#waiting?.(answer))
    child.on('exit', (code, signal) => this.#waiting?.({ failure: `the process ended with ${code ?? signal}` }))
    this.#child = child
    return child
  }
}
