import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WarmCli } from './WarmCli.ts'

export const MAIN = fileURLToPath(new URL('../../../app/cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Its stdin. */
  readonly input?: string
  /** Another script than the command line. */
  readonly main?: string
}

/** A running program: wait for a line that it prints, or for its end. */
export class Running {
  readonly ended: Promise<Ended>
  readonly #child
  readonly #lines: string[] = []
  readonly #waiting: {
    readonly pattern: RegExp
    readonly resolve: (line: string) => void
    readonly reject: (error: Error) => void
  }[] = []

  constructor(args: readonly string[], { cwd, env = {}, input, main = MAIN }: StartOptions) {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: environment(env),
    })
    this.#child = child
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      let rest = ''
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) this.#heard(line)
      })
    }
    this.ended = once(child, 'close').then(([code]) => {
      const end = { code: code as number | null, ...texts }
      for (const { pattern, reject } of this.#waiting)
        reject(new Error(`it ended with ${end.code} and printed nothing like ${pattern}:\n${end.stdout}${end.stderr}`))
      return end
    })
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** The first matching line on either output, past or future. */
  line(pattern: RegExp): Promise<string> {
    const known = this.#lines.find((line) => pattern.test(line))
    if (known !== undefined) return Promise.resolve(known)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#waiting.push({ pattern, resolve, reject })
    return promise
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Closes its stdout, as `| head` does. */
  stopReading(): void {
    this.#child.stdout.destroy()
  }

  #heard(line: string): void {
    this.#lines.push(line)
    for (const waiter of [...this.#waiting])
      if (waiter.pattern.test(line)) {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        waiter.resolve(line)
      }
  }
}

/** These hand their terminal to another program, or run until a signal. */
const OF_THEIR_OWN = ['up', 'mcp', 'psql']
const warm = new WarmCli()

/** Runs `qicore …` to its end: in a process that has it loaded, where that one is free. */
export function qicore(args: readonly string[], options: StartOptions): Promise<Ended> {
  const { cwd, env = {}, input = '', main } = options
  // Modules of NODE_OPTIONS are loaded before the command line.
  if (main !== undefined || 'NODE_OPTIONS' in env || warm.busy || OF_THEIR_OWN.includes(args[0] ?? ''))
    return new Running(args, options).ended
  return warm.run({ args, cwd, env: environment(env), input })
}

/** The variables of a command: none of the tests' own but these. */
const environment = (env: Readonly<Record<string, string>>) => ({
  ...Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  ),
  QICORE_DATABASE_PORT: '0',
  ...env,
})

export interface Up {
  readonly process: Running
  readonly url: string
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Ended>
}

/** `qicore up --json` on a free port, once it runs. */
export async function up(options: StartOptions, ...args: readonly string[]): Promise<Up> {
  const running = new Running(['up', '--port', '0', '--json', ...args], options)
  const { url } = JSON.parse(await running.line(/"event":"running"/)) as { url: string }
  return {
    process: running,
    url,
    stop: () => {
      running.signal('SIGTERM')
      return running.ended
    },
  }
}

/** The one JSON document that a command printed. */
export function document<T>({ code, stdout, stderr }: Ended, exit = 0): T {
  if (code !== exit) throw new Error(`it ended with ${code}, not ${exit}:\n${stdout}${stderr}`)
  return JSON.parse(stdout) as T
}

/** The error that a command printed with --json. */
export const failure = ({ stderr }: Ended): { code: string; message: string; exit_code: number } =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string; message: string; exit_code: number } }).error
