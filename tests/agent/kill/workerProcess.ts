import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Order, Told } from './worker.ts'

/** A worker in a process of its own. */
export class Worker implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #told: Told[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (told: Told) => {
      this.#told.push(told)
      for (const look of this.#waiting) look()
    })
  }

  /** @param hold where it is to wait: it must know before it goes on with what another left */
  static async start(databaseUrl: string, hold = ''): Promise<Worker> {
    const child = fork(join(import.meta.dirname, 'worker.ts'), {
      env: { ...process.env, DATABASE_URL: databaseUrl, HOLD: hold, NODE_OPTIONS: '' },
      execArgv: [],
    })
    const worker = new Worker(child)
    await worker.told((told) => told.kind === 'ready')
    return worker
  }

  order(order: Order): void {
    this.#child.send(order)
  }

  /** The first of what it told, or tells, that is meant. @throws Error when it ends before */
  told<T extends Told>(meant: (told: Told) => told is T): Promise<T>
  told(meant: (told: Told) => boolean): Promise<Told>
  told(meant: (told: Told) => boolean): Promise<Told> {
    const { promise, resolve, reject } = Promise.withResolvers<Told>()
    const look = () => {
      const found = this.#told.find(meant)
      if (found) resolve(found)
    }
    const ended = () => reject(new Error('the worker has ended'))
    this.#waiting.add(look)
    this.#child.once('exit', ended)
    look()
    return promise.finally(() => {
      this.#waiting.delete(look)
      this.#child.off('exit', ended)
    })
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}
