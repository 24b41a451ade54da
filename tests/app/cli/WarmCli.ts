import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ended } from './qicore.ts'
import type { WarmRequest } from './warmProcess.ts'

const PROCESS = fileURLToPath(new URL('warmProcess.ts', import.meta.url))

/** A process that has the command line loaded and runs one command after the other. Loading is most of what a command costs. */
export class WarmCli {
  #child: ChildProcess | undefined
  #busy = false

  get busy(): boolean {
    return this.#busy
  }

  async run(request: WarmRequest): Promise<Ended> {
    this.#busy = true
    try {
      const child = this.#started()
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`the process of \`qicore ${request.args.join(' ')}\` ended with ${code}`)
      })
      child.ref()
      child.channel?.ref()
      child.send(request)
      const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Ended | { readonly failure: string }]
      ended.catch(() => {})
      if ('failure' in answer) throw new Error(answer.failure)
      return answer
    } finally {
      this.#child?.unref()
      this.#child?.channel?.unref()
      this.#busy = false
    }
  }

  #started(): ChildProcess {
    if (this.#child?.connected) return this.#child
    this.#child = fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    return this.#child
  }
}
